build-clang/src/cmd/replay.o: src/cmd/replay.c src/base/cleanup.h \
  src/cmd/cmd.h src/cmd/report.h src/cmd/run_options.h src/cmd/options.h \
  src/cmd/session.h src/event/event.h src/event/log_reader.h

src/base/cleanup.h:

src/cmd/cmd.h:

src/cmd/report.h:

src/cmd/run_options.h:

src/cmd/options.h:

src/cmd/session.h:

src/event/event.h:

src/event/log_reader.h:
