/* Addresses of the two families that there are. */
#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>

enum { IPV4_BYTES = 4, MAPPED_PREFIX_BYTES = 12 };

static const struct in_addr *ipv4(const struct sockaddr *address)
{
  return &((const struct sockaddr_in *)(const void *)address)->sin_addr;
}

static const struct in6_addr *ipv6(const struct sockaddr *address)
{
  return &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
}

void address_text(const struct sockaddr *address, char text[INET6_ADDRSTRLEN])
{
  const void *raw = NULL;
  if (address->sa_family == AF_INET)
    raw = ipv4(address);
  else if (address->sa_family == AF_INET6)
    raw = ipv6(address);
  int family = address->sa_family;
  if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(ipv6(address))) {
    family = AF_INET;
    raw = ipv6(address)->s6_addr + MAPPED_PREFIX_BYTES;
  }
  if (!raw || !inet_ntop(family, raw, text, INET6_ADDRSTRLEN))
    memcpy(text, "?", 2);
}

bool address_loopback(const struct sockaddr *address)
{
  if (address->sa_family == AF_INET)
    return ntohl(ipv4(address)->s_addr) >> 24 == 127;
  if (address->sa_family != AF_INET6)
    return false;
  const struct in6_addr *ip = ipv6(address);
  return IN6_IS_ADDR_LOOPBACK(ip) || (IN6_IS_ADDR_V4MAPPED(ip) && ip->s6_addr[12] == 127);
}

size_t address_network(const struct sockaddr *address, unsigned char network[ADDRESS_NETWORK_MOST])
{
  if (address->sa_family == AF_INET) {
    memcpy(network, ipv4(address), IPV4_BYTES);
    return IPV4_BYTES;
  }
  if (address->sa_family != AF_INET6)
    return 0;
  const struct in6_addr *ip = ipv6(address);
  bool mapped = IN6_IS_ADDR_V4MAPPED(ip);
  size_t n = mapped ? IPV4_BYTES : ADDRESS_NETWORK_MOST;
  memcpy(network, ip->s6_addr + (mapped ? MAPPED_PREFIX_BYTES : 0), n);
  return n;
}

size_t address_bytes(const struct sockaddr *address, unsigned char bytes[ADDRESS_BYTES_MOST])
{
  if (address->sa_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(ipv6(address))) {
    memcpy(bytes, ipv6(address), ADDRESS_BYTES_MOST);
    return ADDRESS_BYTES_MOST;
  }
  return address_network(address, bytes);
}

enum { IPV4_KEPT = 3, IPV6_KEPT = 6 };

void address_cut(const struct sockaddr *address, char text[INET6_ADDRSTRLEN])
{
  unsigned char bytes[ADDRESS_BYTES_MOST];
  size_t n = address_bytes(address, bytes), kept = n == IPV4_BYTES ? IPV4_KEPT : IPV6_KEPT;
  if (n > 0)
    memset(bytes + kept, 0, n - kept);
  if (n == 0 || !inet_ntop(n == IPV4_BYTES ? AF_INET : AF_INET6, bytes, text, INET6_ADDRSTRLEN))
    memcpy(text, "?", 2);
}
