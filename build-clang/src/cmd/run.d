build-clang/src/cmd/run.o: src/cmd/run.c src/base/cleanup.h src/cmd/cmd.h \
  src/cmd/report.h src/cmd/run_options.h src/cmd/options.h \
  src/cmd/session.h src/event/event.h src/cmd/signals.h \
  src/event/log_writer.h src/source/launch.h src/source/registry.h \
  src/source/source.h

src/base/cleanup.h:

src/cmd/cmd.h:

src/cmd/report.h:

src/cmd/run_options.h:

src/cmd/options.h:

src/cmd/session.h:

src/event/event.h:

src/cmd/signals.h:

src/event/log_writer.h:

src/source/launch.h:

src/source/registry.h:

src/source/source.h:
