/* Proofreading one line of a gophermap. For proof.c only. */
#ifndef NUNCIO_TEXT_PROOF_MAP_H
#define NUNCIO_TEXT_PROOF_MAP_H

#include "text/proof.h"

/* Tells what is wrong with the line's fields; and of the item, where it is one that leads somewhere. `item` is what
 * gophermap_parse makes of the line. */
void proof_map_line(struct proof *p, const struct proof_line *line, const struct gophermap_line *item);

/* Tells what looks like a mistake in a line of a `.gph` menu, which was taken for a text or for an item. */
void proof_gph_line(struct proof *p, const struct proof_line *line, bool is_text);

#endif
