build-clang/src/base/number.o: src/base/number.c src/base/number.h

src/base/number.h:
