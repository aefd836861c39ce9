build-clang/src/cmd/session.o: src/cmd/session.c src/cmd/session.h \
  src/event/event.h src/base/cleanup.h src/cmd/cmd.h \
  src/event/log_writer.h src/ledger/ledger.h src/ledger/amount.h \
  src/ledger/series.h

src/cmd/session.h:

src/event/event.h:

src/base/cleanup.h:

src/cmd/cmd.h:

src/event/log_writer.h:

src/ledger/ledger.h:

src/ledger/amount.h:

src/ledger/series.h:
