build-clang/src/source/launch.o: src/source/launch.c src/source/launch.h

src/source/launch.h:
