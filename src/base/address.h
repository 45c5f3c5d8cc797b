/* IP addresses: as text, and whether they are this machine's own. Pure. */
#ifndef NUNCIO_BASE_ADDRESS_H
#define NUNCIO_BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* Without port and brackets, ended by a NUL; ::ffff:a.b.c.d, as which a socket that takes both families shows IPv4, is
 * written as a.b.c.d; `?` where it is neither IPv4 nor IPv6. */
void address_text(const struct sockaddr *address, char text[INET6_ADDRSTRLEN]);

/* 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104, as which a socket that takes both shows the former. */
bool address_loopback(const struct sockaddr *address);

/* The network that one household or machine is taken to have, as bytes: an IPv4 address (also as ::ffff:a.b.c.d), or
 * the first 64 bits of an IPv6 address, of which everybody has as many as they like below (RFC 6177). The count of
 * bytes, by which the families differ; 0 where it is neither. */
enum { ADDRESS_NETWORK_MOST = 8 };
size_t address_network(const struct sockaddr *address, unsigned char network[ADDRESS_NETWORK_MOST]);

/* What is left of an address that is cut: of IPv4 the first 24 bits, of IPv6 the first 48, as text, with zeros for the
 * rest: the network of a provider's customer or of a neighbourhood, not a person's machine. ::ffff:a.b.c.d counts as
 * IPv4 and comes out as such. `?` where it is neither. */
void address_cut(const struct sockaddr *address, char text[INET6_ADDRSTRLEN]);

/* The address itself as bytes: 4 of IPv4 (also as ::ffff:a.b.c.d), 16 of IPv6; 0 where it is neither. */
enum { ADDRESS_BYTES_MOST = 16 };
size_t address_bytes(const struct sockaddr *address, unsigned char bytes[ADDRESS_BYTES_MOST]);

#endif
