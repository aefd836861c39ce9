build-clang/src/cmd/run_options.o: src/cmd/run_options.c \
  src/cmd/run_options.h src/cmd/options.h src/cmd/cmd.h

src/cmd/run_options.h:

src/cmd/options.h:

src/cmd/cmd.h:
