/* One text being read by libConfuse: a settings file, with those that it includes, or a `.nuncio`. Inside config/ only.
 *
 *   file.c, local.c   whose text it is, and where it comes from
 *   reader.c          what libConfuse is told, and what it calls
 *   section.c         which site, and which rule, a value is about
 *   value.c           a value to its setter */
#ifndef NUNCIO_CONFIG_READER_H
#define NUNCIO_CONFIG_READER_H

#include <confuse.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "config/settings.h"
#include "config/vocabulary.h"

enum { READER_PATH_ROOM = 8192 };

/* One text being read; those that include it are above. */
struct source {
  const char *name;           /* as it is shown; empty: its reader's caller knows it */
  const struct source *above; /* NULL: the first one */
  unsigned depth;
};

struct reader {
  struct settings *settings; /* NULL: a `.nuncio`, of which only rules come */
  struct rules *rules;       /* where they go then, */
  struct str under;          /* and the directory where it stands */
  bool whole;                /* then the first rule is about the directory itself, outside of `path` sections */

  const struct source *source; /* the one being read */
  bool alone;                  /* a text that includes nothing */
  bool all;                    /* to go on after a value that makes no sense */
  unsigned n_files;
  cfg_t *root;
  const cfg_t *section; /* the site whose section is being read; NULL: none */
  const cfg_t *path;    /* the same of a path */
  struct buf top;       /* what is wrong where there are such sections: something of a site outside of them */
  int err;              /* the first failure; *why says so */
  bool ended;           /* nothing more is said */
  struct buf *why;
};

/* reader.c */

/* Reads a text with whatever it includes: one reader of the process at a time. Errors are in r->err. */
void reader_read(struct reader *r, const struct source *source, struct str text);
/* The same of a text that is included, while another one is read. */
void reader_parse(struct reader *r, cfg_t *cfg, const struct source *source, struct str text);

/* Notes a failure without a sentence of its own. Always -1. */
int reader_fail(struct reader *r, int err);
/* Begins a sentence, unless the last one was said: what libConfuse says after a failure of ours is not heard. */
bool reader_begin(struct reader *r, unsigned line);

/* Where a section of libConfuse's stands in the vocabulary. */
enum place reader_place(const struct reader *r, cfg_t *section);

/* Appends a path: what is relative begins at the folder of the file in which it stands. */
void reader_put_path(const struct reader *r, struct buf *out, struct str value);

/* file.c: reads a file in the place of an include. */
void reader_include(struct reader *r, cfg_t *cfg, const char *path);

/* section.c: 0, or -1 where it was said what is wrong. */

/* A section's first value, or its end: a site or a path begins. */
int section_enter(struct reader *r, cfg_t *section);
/* Sections have ended: libConfuse's validation. */
int section_site_ended(struct reader *r, cfg_t *section, cfg_t *site);
int section_path_ended(struct reader *r, cfg_t *path);
/* The rule that a value of that section is about: ERR_LIMIT (with *why) or ERR_NOMEM. */
int section_rule(struct reader *r, cfg_t *section, struct rule **rule, struct buf *why)
    __attribute__((warn_unused_result));
/* What is said outside of all sections is about the only site there is, or else about none. */
void section_note_top(struct reader *r, cfg_t *section, const char *name);
/* All was read: makes the sites in sections all there are. */
void section_settle(struct reader *r);

/* value.c: a value to the setter of its entry, in the section that was entered. `first`: of a list. */
int value_set(struct reader *r, cfg_t *section, const struct entry *entry, struct str value, bool first,
              struct buf *why) __attribute__((warn_unused_result));

#endif
