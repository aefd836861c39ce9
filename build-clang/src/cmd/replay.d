build-clang/src/cmd/replay.o: src/cmd/replay.c src/cmd/cmd.h \
  src/cmd/run_options.h src/cmd/options.h

src/cmd/cmd.h:

src/cmd/run_options.h:

src/cmd/options.h:
