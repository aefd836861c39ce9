build-clang/src/source/registry.o: src/source/registry.c \
  src/source/registry.h src/source/source.h src/event/event.h

src/source/registry.h:

src/source/source.h:

src/event/event.h:
