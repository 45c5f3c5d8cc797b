/* The names of what can go wrong with a request. */
#include "load/fault.h"

const char *load_fault_name(enum load_fault fault)
{
  switch (fault) {
  case LOAD_OK:
    return "none";
  case LOAD_REFUSED:
    return "connection refused";
  case LOAD_UNREACHABLE:
    return "unreachable";
  case LOAD_CONNECT_TIMEOUT:
    return "connect timeout";
  case LOAD_NO_PORT:
    return "no free port";
  case LOAD_LOCAL:
    return "out of resources";
  case LOAD_RESET:
    return "reset";
  case LOAD_TIMEOUT:
    return "timeout";
  case LOAD_TLS:
    return "tls";
  case LOAD_EMPTY:
    return "no answer";
  case LOAD_HEADER:
    return "bad header";
  case LOAD_STATUS:
    return "other status";
  case LOAD_LENGTH:
    return "other length";
  case LOAD_NO_CLOSE:
    return "no close_notify";
  case LOAD_FAULTS:
    break;
  }
  return "?";
}
