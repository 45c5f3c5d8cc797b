/* Rules: what holds for some paths of a capsule and not for others. The settings file has them in `path` sections, an
 * author's `.nuncio` for the directory where it stands, agate's `.meta` in its own words; they are all the same here.
 * Pure: a site asks for a path and is told what holds there. */
#ifndef NUNCIO_TEXT_RULES_H
#define NUNCIO_TEXT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/identity.h"
#include "base/str.h"

enum {
  RULES_MAX = 1000,        /* in one file */
  RULE_FINGERPRINTS = 256, /* in one rule */
  RULE_WIDTH_LEAST = 20,   /* columns of a menu */
  RULE_WIDTH_MOST = 1024,
  RULE_SLOW_MOST = 3600, /* seconds */
};

/* A switch that may not have been set. */
enum toggle { TOGGLE_UNSET, TOGGLE_OFF, TOGGLE_ON };

enum listing_order {
  LISTING_UNSET,
  LISTING_NEWEST, /* what has a date first, the newest at the top; then the others by name: the default */
  LISTING_OLDEST, /* the same, the oldest at the top */
  LISTING_NAME,   /* by name */
  LISTING_NAME_DOWN,
  LISTING_MODIFIED, /* by time of modification, the newest at the top */
  LISTING_MODIFIED_UP,
};

/* Who may enter. A visitor passes who presents a certificate that is in its time and is one of these. */
struct gate {
  bool set;
  bool everybody;                        /* with or without a certificate: nothing is asked */
  bool any;                              /* any certificate */
  char (*fingerprint)[FINGERPRINT_TEXT]; /* owned: of certificates or keys */
  size_t n_fingerprints;
  uint64_t authorities; /* bits, as in struct identity */
};

/* One rule: a pattern, and what is set. Strings are owned; NULL: not set. */
struct rule {
  char *pattern; /* a path's pattern, which begins with a slash (see rules_add) */
  size_t under;  /* so many bytes of the pattern are the directory whose rule it is, as it stands, its slash included: 1
                  * for the settings file's. Nothing in them is special. */
  bool names;    /* what follows them means the name of a file or directory anywhere beneath (glob_name) */
  bool agate;    /* a line of agate's (text/agate_meta.h): see rules_lay */
  unsigned line; /* where it stands, for those who complain */

  /* What is sent. */
  char *lang;       /* of gemtext; "" takes a language away that holds for more */
  char *charset;    /* of text */
  char *type;       /* a MIME type, perhaps with parameters, in the place of the one that the name tells */
  char *parameters; /* of gemtext, in the place of the language: `;lang=de;x=y`; a line of agate's means files of all
                       types */

  /* What is answered instead. */
  unsigned status;       /* a Gemini status code but 20; 0: none */
  char *meta;            /* its META: for 30 and 31 where to, else a sentence, or NULL */
  bool with_rest;        /* 30, 31: what the path has beyond the pattern is appended to it */
  unsigned slow_seconds; /* who asks again sooner is told to wait (44); 0: not set */

  /* Listings. */
  enum toggle listing;
  enum listing_order order;
  char *header, *footer; /* gemtext files: in the directory itself, or from the capsule's root where they begin with a
                          * slash; "" takes one away */

  /* Gopher. */
  unsigned columns;      /* menus are wrapped at; 0: not set */
  enum toggle terminate; /* texts end with a line of one dot */

  /* The host's alone. */
  enum toggle local; /* `.nuncio` files hold there */

  struct gate gate;
  char *gate_reason; /* what is said to those who come without a certificate */
};

/* Rules in the order in which they were written: of two that mean a path, what the later one sets holds. */
struct rules {
  struct rule *rule; /* owned */
  size_t n;
};

void rules_init(struct rules *r);
void rules_free(struct rules *r); /* what is inside; it is empty afterwards */

/* Adds a rule for a pattern as its author writes it, in a file of the directory `under` (a raw path with its slashes,
 * `/` for the settings file): without a slash it means the names of files and directories anywhere beneath; else a path
 * that begins at that directory, whether there is a slash in front or not; nothing, or one slash: the directory. What
 * is beneath something that it means it means too (text/glob.h). NULL when memory is short; a rule that is borrowed
 * until the next one is added, and empty but for its pattern. */
struct rule *rules_add(struct rules *r, struct str under, struct str pattern);

/* Appends the rules of another set, which is empty afterwards. ERR_NOMEM: nothing has changed. */
int rules_join(struct rules *r, struct rules *more) __attribute__((warn_unused_result));

/* Appends copies of all of them. ERR_NOMEM: nothing has changed. */
int rules_copy(struct rules *r, const struct rules *from) __attribute__((warn_unused_result));

/* Whether a rule means a raw path, or something above it; then *rest, which may be NULL, is what is beneath that. */
bool rule_means(const struct rule *rule, struct str path, struct str *rest);

/* Whether it means this very path. */
bool rule_names(const struct rule *rule, struct str path);

/* Appends where a redirect leads from a path that it means: what the path has beyond the pattern goes along where the
 * rule says so. */
void rule_put_target(const struct rule *rule, struct str path, struct buf *out);

/* Whether it answers with a redirect (30, 31). */
bool rule_redirects(const struct rule *rule);

/* Appends the raw path of this site to which its redirect leads, without a query; nothing where it is no redirect or
 * leads to a URL. ERR_SYNTAX: it names no path. */
int rule_put_destination(const struct rule *rule, struct buf *raw) __attribute__((warn_unused_result));

/* A SHA-256 fingerprint as people write it: 64 hexadecimal digits, perhaps with colons, perhaps with `SHA256:`
 * or `SHA-256 ` in front. Adds it to the gate. ERR_SYNTAX, ERR_LIMIT, ERR_NOMEM. */
int gate_add(struct gate *gate, struct str fingerprint) __attribute__((warn_unused_result));

/* What holds for a path. Borrows from the rules. */
struct ruled {
  const char *lang, *charset, *type, *parameters; /* NULL: not set */
  bool for_all_types;                             /* `parameters` are not only of gemtext */
  const struct rule *answer;                      /* whose status is to be answered; NULL: none */
  const struct rule *slow;                        /* whose slow_seconds hold; NULL: none */
  enum toggle listing, terminate, local;
  enum listing_order order;
  const char *header, *footer;
  bool authors_header, authors_footer; /* for whoever lays several sets: it comes of a file of the capsule */
  unsigned columns;
  const struct rule *gate; /* NULL: open to everybody */
};

/* Lays what the rules say of a page over what *ruled says already (all zero: nothing). `path` is what was asked for,
 * `file` what answers it (the same, an index, an overview's document), both raw. A rule that means either counts; one
 * that answers something instead, or slows down, counts where it means `path`. A redirect that leads to one target
 * counts for the very path it was written for; one to something that its own pattern means counts no more there. */
void rules_lay(const struct rules *r, struct str path, struct str file, struct ruled *ruled);

#endif
