build-clang/src/cmd/session.o: src/cmd/session.c src/cmd/session.h \
  src/event/event.h

src/cmd/session.h:

src/event/event.h:
