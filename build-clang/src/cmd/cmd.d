build-clang/src/cmd/cmd.o: src/cmd/cmd.c src/cmd/cmd.h

src/cmd/cmd.h:
