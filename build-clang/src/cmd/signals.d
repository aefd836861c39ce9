build-clang/src/cmd/signals.o: src/cmd/signals.c src/cmd/signals.h \
  src/base/cleanup.h

src/cmd/signals.h:

src/base/cleanup.h:
