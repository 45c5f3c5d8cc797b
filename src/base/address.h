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

#endif
