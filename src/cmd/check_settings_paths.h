/* What the `path` sections of a settings file name. */
#ifndef NUNCIO_CMD_CHECK_SETTINGS_PATHS_H
#define NUNCIO_CMD_CHECK_SETTINGS_PATHS_H

#include "base/buf.h"
#include "config/settings.h"

/* Appends a sentence and a LF for each file of an authority that cannot be read or has no certificates. */
void check_authorities(const struct settings *s, struct buf *faults);

/* The same for each header and footer of listings that is not in the site's capsule, each redirect to a page of the
 * site that is not there or by a regular expression, and each reason for a certificate that nobody is asked for. Of a
 * capsule that cannot be entered nothing is said. */
void check_paths(const struct settings *s, const struct site_settings *site, struct buf *faults);

#endif
