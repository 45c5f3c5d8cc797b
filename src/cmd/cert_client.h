/* `nuncio cert client`: a certificate that a visitor shows, for trying out who may enter. */
#ifndef NUNCIO_CMD_CERT_CLIENT_H
#define NUNCIO_CMD_CERT_CLIENT_H

enum { CERT_CLIENT_DAYS = 365 };

/* Makes it in the folder `certs` and says what it is, and what to do with it. An exit_status. */
int cert_client(const char *certs, const char *name, unsigned days);

#endif
