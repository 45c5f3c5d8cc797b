/* IP addresses: as text, and whether they are this machine's own. Pure. */
#ifndef NUNCIO_BASE_ADDRESS_H
#define NUNCIO_BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

/* Without port and brackets, ended by a NUL; `?` where it is neither IPv4 nor IPv6. */
void address_text(const struct sockaddr *address, char text[INET6_ADDRSTRLEN]);

/* 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104, as which a socket that takes both shows the former. */
bool address_loopback(const struct sockaddr *address);

#endif
