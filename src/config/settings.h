/* Settings: what the owner asked for, as plain values. A file (config/file.h) and the command line fill them. */
#ifndef NUNCIO_CONFIG_SETTINGS_H
#define NUNCIO_CONFIG_SETTINGS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/log_entry.h"
#include "base/str.h"
#include "text/rules.h"

enum { LISTEN_MAX = 16, NAMES_MAX = 32, WORKERS_MAX = 64 };

/* One address to listen on. */
struct listen_address {
  char text[INET6_ADDRSTRLEN]; /* a numeric address without brackets */
  bool ipv6;
  bool optional; /* one of a pair for both families: skipped with a notice where the machine lacks the family (B2) */
  unsigned port; /* 0: the system chooses */
};

/* The listeners of one protocol. */
struct listen_list {
  struct listen_address at[LISTEN_MAX];
  size_t n;
  bool off;
  bool given; /* false: the defaults are to be used */
  bool more;  /* the next value adds to those that are there; false: it takes their place */
};

/* The deadlines that can be set, by the names that --timeout takes (B1). */
enum timeout {
  TIMEOUT_HANDSHAKE,
  TIMEOUT_REQUEST,
  TIMEOUT_HANDLE,
  TIMEOUT_WRITE,
  TIMEOUT_DRAIN,
  TIMEOUTS,
};

/* The limits that can be set, by the names that --limit takes. */
enum limit {
  LIMIT_CONNECTIONS, /* in all; 0, the default: as many as descriptors and memory allow */
  LIMIT_ADDRESS,     /* connections of one address at a time */
  LIMIT_REQUESTS,    /* of one address in a minute */
  LIMIT_HANDSHAKES,  /* under way at a time, in each worker */
  LIMIT_REQUEST,     /* bytes of one; at most what the protocols have */
  LIMITS,
};

/* How gophermaps are written. */
enum gophermaps { GOPHERMAPS_PLAIN, GOPHERMAPS_GOPHERNICUS };

/* One capsule and the names that it is served under. Strings are owned copies. */
struct site_settings {
  char *capsule;     /* NULL only in one that settings_add_site has just made */
  char *lang;        /* NULL: none */
  char *certificate; /* a PEM file, with `key`; NULL, both: in the folder of certificates, by the main name */
  char *key;
  char *gopher_path; /* where it stands on Gopher listeners of all sites, without a slash at its end; NULL: nowhere */
  char *homes;       /* the folder of its users' homes, which are at /~NAME/; NULL: it has no users */
  char *user_folder; /* with `homes`: what each of them publishes, relative to the home; "" for all of it */
  struct listen_list gopher; /* addresses that are this site's alone, besides those of all */
  char *names[NAMES_MAX]; /* host names, lower case, without a trailing dot; the first one is the main name, later ones
                           * may be wildcards (base/host.h) */
  size_t n_names;         /* at least 1 */
  enum gophermaps gophermaps;
  bool agate_meta;    /* agate's `.meta` files hold */
  bool named;         /* false: the only name is the default */
  bool more;          /* the next name adds to those that are there; false: it takes their place */
  struct rules rules; /* what holds for some paths; owned */
  bool whole;         /* the first rule is what the site says of all its paths, outside of `path` sections */
};

/* Strings are owned copies. settings_init before, settings_free after. Workers are given settings as a text: what is to
 * reach them has an entry in config/vocabulary.c. */
struct settings {
  struct site_settings *sites; /* owned; the first one is the default */
  size_t n_sites;              /* at least 1 */
  bool sections;               /* each of them has a `site` section of its own in the file */
  char *certs;
  char *authorities[IDENTITY_AUTHORITIES]; /* PEM files of CAs by their whole paths, no two the same: gates of rules
                                            * have them by number */
  size_t n_authorities;
  char *user; /* whom workers become where the server is started as root; NULL: nobody else */
  struct listen_list gemini, gopher;
  unsigned workers;                                /* 0: one for each processor */
  unsigned public_gemini_port, public_gopher_port; /* 0: the listener's */
  unsigned long timeout_ms[TIMEOUTS];
  unsigned limits[LIMITS];
  bool limit_loopback; /* this machine's own addresses are held to the limits for one address too */
  unsigned cache_mib;  /* for answers that are ready; 0: none are kept */
  bool gophers;        /* TLS on the Gopher port (P6) */
  bool courtesies;     /* a page for HTTP clients on the Gopher port (P5) */
  bool fast_kdf;       /* tls/kdf_provider.h and tls/x25519.h where they can be used */
  bool sandbox;        /* workers lock themselves in */
  enum log_level log_level;
  enum log_to log_to; /* where requests are logged */
  char *log_path;     /* the file, or syslog's socket; NULL: standard error */
  enum log_format log_format;
  enum log_address log_address; /* what of the client's address is shown (B3) */
};

/* The defaults. ERR_NOMEM. */
int settings_init(struct settings *s) __attribute__((warn_unused_result));
void settings_free(struct settings *s);

/* What comes next is the word of somebody who has more to say: the first value of each list takes the place of those
 * that are there. */
void settings_begin(struct settings *s);

/* Whether TLS is spoken at all: then there must be certificates. */
bool settings_use_tls(const struct settings *s);

/* Whether there is an address to listen on, where none that was given means the default ones. */
bool settings_listen_at_all(const struct settings *s);

/* Whether the readers of the site at this place are to be asked for a certificate in the handshake (G5): a path wants
 * one, or a `.nuncio` file may say at any time that it does. On Gopher the handshake at the root that all share is the
 * first site's, before a selector leads to another (`gopher-path`): the first one asks for those too. */
bool settings_site_asks(const struct settings *s, size_t site);

/* The number of an authority's file among those there are; one more where it is not among them. */
int settings_authority(struct settings *s, struct str path, unsigned *number, struct buf *why)
    __attribute__((warn_unused_result));
/* Numbers the authorities in the order in which rules have them, so that settings that were written and read again have
 * the same numbers, and forgets those that no rule has any more. */
void settings_sort_authorities(struct settings *s);

/* Takes from `used` what stays as it is while a server runs (listeners, the number of workers, the user), and appends
 * the names of those that were to be others, separated by commas, to *names. ERR_NOMEM. */
int settings_keep(struct settings *s, const struct settings *used, struct buf *names)
    __attribute__((warn_unused_result));

/* Each of these takes one value as the owner wrote it. On ERR_SYNTAX, ERR_LIMIT or ERR_NOMEM *why holds a sentence that
 * says what was expected. */

/* `ADDR:PORT`, where an IPv6 ADDR is in brackets; `off`; or a bare `PORT` (also `:PORT`), which means that port on both
 * families. The first value since settings_begin replaces what is there, later ones add. */
int settings_listen(struct listen_list *list, struct str value, struct buf *why) __attribute__((warn_unused_result));
/* A host name: ASCII (punycode where it is international), or a numeric address. The first one since settings_begin
 * replaces what is there. */
int settings_name(struct site_settings *s, struct str value, struct buf *why) __attribute__((warn_unused_result));
/* One more site, of that name and no capsule yet; the last one of the array. */
int settings_add_site(struct settings *s, struct str name, struct buf *why) __attribute__((warn_unused_result));
void settings_drop_site(struct settings *s, size_t i);
/* A name besides the first one, also `*.` and a name of two labels or more. `first` takes the place of those there. */
int settings_alias(struct site_settings *s, bool first, struct str value, struct buf *why)
    __attribute__((warn_unused_result));
/* Where users publish: an absolute path with one `*` as a whole segment, and something before it. */
int settings_user_dirs(struct site_settings *s, struct str value, struct buf *why) __attribute__((warn_unused_result));
/* The path of a site under the root that all have on Gopher: segments that need no encoding, not hidden. */
int settings_gopher_path(struct site_settings *s, struct str value, struct buf *why)
    __attribute__((warn_unused_result));
/* Whether one of two such paths is the other or lies beneath it. */
bool settings_gopher_paths_meet(const char *one, const char *other);
/* A port that readers see: 1 to 65535. */
int settings_port(unsigned *port, struct str value, struct buf *why) __attribute__((warn_unused_result));
/* A number of processes: 1 to 64. */
int settings_workers(struct settings *s, struct str value, struct buf *why) __attribute__((warn_unused_result));
/* `NAME=SECONDS`: fractions are fine, 0 is not (B1), a day at most. */
int settings_timeout(struct settings *s, struct str value, struct buf *why) __attribute__((warn_unused_result));
/* `NAME=N`: each limit has a least and a most value, and none can be removed. */
int settings_limit(struct settings *s, struct str value, struct buf *why) __attribute__((warn_unused_result));
/* Whole MiB, 0 to 65536. */
int settings_cache(struct settings *s, struct str value, struct buf *why) __attribute__((warn_unused_result));
/* Language tags as in BCP 47, separated by commas: letters, digits and hyphens are checked, no registry is asked. */
int settings_lang(struct site_settings *s, struct str value, struct buf *why) __attribute__((warn_unused_result));
int settings_check_lang(struct str value, struct buf *why) __attribute__((warn_unused_result));
/* Where requests are logged: `stderr`, `syslog`, `syslog:SOCKET`, or a file. */
int settings_log_requests(struct settings *s, struct str value, struct buf *why) __attribute__((warn_unused_result));
/* `plain`, `combined` or `json`. */
int settings_log_format(struct settings *s, struct str value, struct buf *why) __attribute__((warn_unused_result));
/* How gophermaps are written: `plain` or `gophernicus`. */
int settings_gophermaps(struct site_settings *s, struct str value, struct buf *why) __attribute__((warn_unused_result));
const char *settings_gophermaps_word(enum gophermaps gophermaps);
const char *settings_log_format_word(enum log_format format);
const char *settings_log_address_word(enum log_address address);
/* `none`, `cut`, `hash` or `full`. */
int settings_log_address(struct settings *s, struct str value, struct buf *why) __attribute__((warn_unused_result));
/* Which of `n` words it is, from 0 on. ERR_SYNTAX: none of them. */
int settings_word(const char *const *words, size_t n, struct str value) __attribute__((warn_unused_result));
/* `true`, `yes` or `on`; `false`, `no` or `off`. */
int settings_switch(bool *on, struct str value, struct buf *why) __attribute__((warn_unused_result));
/* What is logged: `error`, `warning`, `notice`, `request` or `debug`; each has what stands before it too. */
int settings_log_level(struct settings *s, struct str value, struct buf *why) __attribute__((warn_unused_result));
/* Replaces an owned string by a copy of value. */
int settings_string(char **string, struct str value) __attribute__((warn_unused_result));

/* Puts the default listeners where none were given: `port` on both families. */
void settings_default_listen(struct listen_list *list, unsigned port);

#endif
