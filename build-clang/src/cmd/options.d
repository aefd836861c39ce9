build-clang/src/cmd/options.o: src/cmd/options.c src/cmd/options.h \
  src/base/number.h

src/cmd/options.h:

src/base/number.h:
