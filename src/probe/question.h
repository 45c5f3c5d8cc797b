/* A rule of the two protocols as a question to a server: what is sent, and who judges the answer. */
#ifndef NUNCIO_PROBE_QUESTION_H
#define NUNCIO_PROBE_QUESTION_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "probe/exchange.h"
#include "probe/facts.h"
#include "probe/header.h"

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_NOTE };

enum { FINDING_WORDS = 1024 };

/* What a judge says. */
struct finding {
  enum verdict verdict;
  struct buf words; /* one sentence without a full stop; may be empty where it passed */
};

/* How a question reaches the server. The usual way is TLS with SNI for gemini and plain TCP for gopher. */
enum channel {
  CHANNEL_USUAL,
  CHANNEL_PLAIN,     /* no TLS */
  CHANNEL_TLS,       /* TLS on Gopher's port */
  CHANNEL_NO_SNI,    /* the rest: TLS */
  CHANNEL_OTHER_SNI, /* a name that nobody serves */
  CHANNEL_13,        /* that version only */
  CHANNEL_12,
  CHANNEL_OLD,
  CHANNEL_RESUMED, /* with a ticket of an earlier connection */
};

struct question;

/* What a judge looks at; all borrowed. */
struct sight {
  const struct question *question;
  const struct exchange *seen; /* NULL in a summary */
  const struct facts *facts;
  struct header header; /* gemini only */
};

struct question {
  const char *rule, *what;
  /* What is sent, with {origin} {host} {port} {directory} {item} {text} {search} {fill} put in; {bare} is {item}
   * without slashes in front; {name} and {NAME} are the host where it is no IP literal, as it is and in capitals. Where
   * `again` is set, the exchange of the question before is looked at once more instead. */
  struct str request;
  void (*judge)(const struct sight *sight, struct finding *out);
  const char *lacks; /* why it cannot be judged where a fact is missing */
  enum channel channel;
  enum kept keep, like; /* the answer is kept as that; it should be like that */
  int want;             /* a status, for the judges that ask for one */
  unsigned fill;        /* {fill} makes what stands before the line end so long */
  bool spec;            /* the specification asks for it, or readers are harmed: else a breach is a note */
  bool quiet;           /* the server may well wait for more: only a short time is given to it */
  bool again, summary;
};

/* ---- for judges ---- */

/* Sets the verdict and puts the words; the last call counts. The first one takes NULL too: what was sent and came back
 * says it all. */
void finding_pass(struct finding *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_fail(struct finding *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_note(struct finding *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A fail where the question is the specification's, else a note. */
void finding_broken(const struct sight *s, struct finding *out, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether the server could be spoken to and came to an end in time; if not, says so. */
bool sight_reached(const struct sight *s, struct finding *out);

/* The bytes that came. */
struct str sight_answer(const struct sight *s);

/* Whether the answer holds the system's /etc/passwd. */
bool sight_leaks(const struct sight *s);

/* A summary: whether every answer of the run ended as it should (G3, P18). */
void judge_endings(const struct sight *s, struct finding *out);

#endif
