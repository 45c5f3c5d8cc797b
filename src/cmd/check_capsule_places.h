/* What there is in a capsule: a compact set of the paths of its files and directories. Pure. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_PLACES_H
#define NUNCIO_CMD_CHECK_CAPSULE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Where no place is meant. */
#define PLACE_NONE UINT32_MAX

enum place_kind {
  PLACE_FILE,
  PLACE_DIRECTORY, /* its path ends in a slash */
  PLACE_NOTHING,   /* a name that answers nobody; `err` says why */
};

/* The two protocols, as bits. */
enum { ON_GEMINI = 1, ON_GOPHER = 2, ON_BOTH = ON_GEMINI | ON_GOPHER, PROTOCOLS = 2 };

/* Why a path leads to nothing, where it is not the disk that says so. */
enum lead_ruled {
  RULED_NOT,
  RULED_GONE,     /* the settings say that it is gone */
  RULED_OUT,      /* they say that there is no such page */
  RULED_UNLISTED, /* a directory that is not listed, as they say, and has no index */
  RULED_LED,      /* they lead to another path, where nothing is */
  RULED_CIRCLE,   /* they lead on and on, further than readers follow */
};

/* What a path came to when the site was asked: a place, or an error. */
struct lead {
  uint32_t place; /* PLACE_NONE: it is there, and is none of the places */
  int8_t err;
  uint8_t ruled;    /* an enum lead_ruled; with an err only */
  bool listing : 1; /* the place is a directory that is shown as a list of what it holds */
  bool tree : 1;    /* the place is a document, and this is a page of its tree */
  bool menu : 1;    /* what answers is a directory's page, or a tree's: a menu on Gopher whatever the place is called */
};

struct place {
  uint64_t device, inode; /* 0 0: not known */
  uint32_t path;          /* raw, in the text of all */
  uint16_t path_n;
  uint8_t kind;
  uint8_t asked;    /* on which protocols `lead` is known */
  uint8_t reached;  /* on which protocols a reader comes here from the front page */
  uint8_t followed; /* on which of them the links in it have been followed */
  uint8_t alive;    /* of a directory: where anything in it, however deep, is reached */
  bool link;        /* a symbolic link: the content may be another place's */
  bool frame;       /* a listing has it above or below its entries */
  bool part;        /* a map of gophernicus' dialect that another one puts in */
  int8_t err;       /* why it is nothing; why a directory could not be read */
  struct lead lead[PROTOCOLS];
};

/* An open hash table of the numbers of places. */
struct places_table {
  uint32_t *slot; /* PLACE_NONE: free */
  size_t n, cap;
};

struct places {
  struct place *at; /* in the order in which they were added */
  uint32_t n;
  size_t cap;
  struct buf text;
  struct places_table by_path, by_folded, by_id;
};

void places_init(struct places *p);
void places_free(struct places *p);

/* Adds a place whose path is not there yet; *i is its number. ERR_NOMEM; ERR_LIMIT where there are too many. */
int places_add(struct places *p, struct str path, enum place_kind kind, uint32_t *i)
    __attribute__((warn_unused_result));

/* Says which file or directory the place is. Of several with the same id the first one is found by it. ERR_NOMEM. */
int places_identify(struct places *p, uint32_t i, uint64_t device, uint64_t inode) __attribute__((warn_unused_result));

/* The place of that raw path, or PLACE_NONE. */
uint32_t places_find(const struct places *p, struct str path);

/* The first place that is this file or directory, or PLACE_NONE. */
uint32_t places_find_id(const struct places *p, uint64_t device, uint64_t inode);

/* A place whose path differs from this one in the case of ASCII letters only, or PLACE_NONE. */
uint32_t places_find_other_case(const struct places *p, struct str path);

/* The place whose content this is: for a symbolic link what it leads to, where that is a place, else itself. */
uint32_t places_real(const struct places *p, uint32_t i);

/* Valid until a place is added. */
struct str places_path(const struct places *p, uint32_t i);

/* The directory that it is in; PLACE_NONE for the root. */
uint32_t places_parent(const struct places *p, uint32_t i);

/* The numbers of all places in the order of their paths, so that what is in a directory follows it at once. The caller
 * frees them; NULL when memory is short. */
uint32_t *places_sorted(const struct places *p);

#endif
