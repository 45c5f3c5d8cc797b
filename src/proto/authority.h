/* Which site a Gemini URI means: its host and port against the sites, the listener and the SNI (G12). */
#ifndef NUNCIO_PROTO_AUTHORITY_H
#define NUNCIO_PROTO_AUTHORITY_H

#include "proto/proto.h"
#include "text/uri.h"

/* The site that `uri` names, or NULL: then *refusal is a 53 or 59 whose reason names what was asked for and what is
 * served. The URI has a host that is not empty. Asks the sites for nothing but their names. */
struct site *authority_site(const struct uri *uri, const struct proto_context *context, struct response *refusal);

/* Whether a port is one that this server answers Gemini on: a listener's, or the public one. */
bool authority_gemini_port(unsigned port, const struct proto_context *context);

#endif
