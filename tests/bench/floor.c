/* The least that a server can do, as a yardstick for `make bench`: accept, handshake, read a line, send the same bytes
 * to everyone, close_notify, close.
 *
 * It is the plain way to use OpenSSL: a socket BIO per connection, the library's own lists of ciphers, groups and
 * signature algorithms, one session ticket, the C library's malloc, one epoll loop. What a server must have besides is
 * left out on purpose: it understands no request, opens no file while it serves, writes no log, has no deadline and no
 * limit, and does not wait for its clients to close. Never let strangers reach it: it listens on 127.0.0.1 only. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum { EVENTS_PER_WAIT = 256, REQUEST_BYTES = 2048 };

struct server {
  SSL_CTX *tls; /* NULL: plain TCP */
  const char *answer;
  size_t answer_bytes;
  int listener, poll;
};

enum stage { HANDSHAKE, REQUEST, ANSWER, GOODBYE };

struct client {
  SSL *tls; /* NULL: plain TCP */
  size_t sent;
  int socket;
  enum stage stage;
  uint32_t interest; /* what epoll waits for */
};

/* What became of one attempt to go on. */
enum outcome { ONWARD, NEEDS_INPUT, NEEDS_ROOM, OVER };

/* ---------------------------------------------------------------- one connection */

static enum outcome tls_outcome(const struct client *client, int result)
{
  switch (SSL_get_error(client->tls, result)) {
  case SSL_ERROR_WANT_READ:
    return NEEDS_INPUT;
  case SSL_ERROR_WANT_WRITE:
    return NEEDS_ROOM;
  default:
    ERR_clear_error();
    return OVER;
  }
}

static enum outcome socket_outcome(ssize_t result, enum outcome wait)
{
  return result < 0 && (errno == EAGAIN || errno == EINTR) ? wait : OVER;
}

static enum outcome handshake(struct client *client)
{
  int result = SSL_accept(client->tls);
  if (result != 1)
    return tls_outcome(client, result);
  client->stage = REQUEST;
  return ONWARD;
}

/* A request is whatever ends with a line feed. */
static enum outcome read_line(struct client *client)
{
  char line[REQUEST_BYTES];
  ssize_t n = client->tls ? SSL_read(client->tls, line, sizeof line) : read(client->socket, line, sizeof line);
  if (n <= 0)
    return client->tls ? tls_outcome(client, (int)n) : socket_outcome(n, NEEDS_INPUT);
  if (memchr(line, '\n', (size_t)n))
    client->stage = ANSWER;
  return ONWARD;
}

static enum outcome send_answer(struct client *client, const struct server *server)
{
  if (client->tls) {
    /* All of it or WANT_WRITE: without SSL_MODE_ENABLE_PARTIAL_WRITE the same call goes on where it was. */
    int result = SSL_write(client->tls, server->answer, (int)server->answer_bytes);
    if (result <= 0)
      return tls_outcome(client, result);
    client->stage = GOODBYE;
    return ONWARD;
  }
  ssize_t n = write(client->socket, server->answer + client->sent, server->answer_bytes - client->sent);
  if (n < 0)
    return socket_outcome(n, NEEDS_ROOM);
  client->sent += (size_t)n;
  return client->sent < server->answer_bytes ? ONWARD : OVER;
}

static enum outcome say_goodbye(struct client *client)
{
  int result = SSL_shutdown(client->tls);
  return result < 0 ? tls_outcome(client, result) : OVER;
}

static enum outcome step(struct client *client, const struct server *server)
{
  switch (client->stage) {
  case HANDSHAKE:
    return handshake(client);
  case REQUEST:
    return read_line(client);
  case ANSWER:
    return send_answer(client, server);
  case GOODBYE:
    return say_goodbye(client);
  }
  abort();
}

static void client_free(struct client *client)
{
  SSL_free(client->tls);
  close(client->socket); /* which takes it out of the epoll set, too */
  free(client);
}

/* Tells epoll about a change only: a small answer needs none after the first. */
static bool client_wait(struct client *client, const struct server *server, uint32_t interest)
{
  struct epoll_event event = {.events = interest, .data.ptr = client};
  if (interest == client->interest)
    return true;
  int operation = client->interest ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  client->interest = interest;
  return epoll_ctl(server->poll, operation, client->socket, &event) == 0;
}

static void client_serve(struct client *client, const struct server *server)
{
  enum outcome outcome;
  do
    outcome = step(client, server);
  while (outcome == ONWARD);
  if (outcome == OVER || !client_wait(client, server, outcome == NEEDS_INPUT ? EPOLLIN : EPOLLOUT))
    client_free(client);
}

/* ---------------------------------------------------------------- all connections */

static struct client *client_new(const struct server *server, int socket)
{
  struct client *client = calloc(1, sizeof *client);
  if (!client) {
    close(socket);
    return NULL;
  }
  client->socket = socket;
  client->stage = server->tls ? HANDSHAKE : REQUEST;
  if (!server->tls || ((client->tls = SSL_new(server->tls)) && SSL_set_fd(client->tls, socket) == 1))
    return client;
  client_free(client);
  return NULL;
}

static void accept_all(const struct server *server)
{
  int socket;
  while ((socket = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    struct client *client = client_new(server, socket);
    if (client && !client_wait(client, server, EPOLLIN))
      client_free(client);
  }
}

static int serve(const struct server *server)
{
  struct epoll_event events[EVENTS_PER_WAIT];
  for (;;) {
    int n = epoll_wait(server->poll, events, EVENTS_PER_WAIT, -1);
    if (n < 0 && errno != EINTR)
      return -1;
    for (int i = 0; i < n; i++) {
      struct client *client = events[i].data.ptr;
      if (client)
        client_serve(client, server);
      else
        accept_all(server);
    }
  }
}

/* ---------------------------------------------------------------- setting up */

/* The caller frees *bytes. */
static int read_file(const char *path, char **bytes, size_t *n)
{
  struct stat st;
  FILE *file = fopen(path, "rb");
  int err = -1;
  *bytes = NULL;
  if (!file)
    return err;
  if (fstat(fileno(file), &st) == 0 && st.st_size > 0 && st.st_size < INT32_MAX &&
      (*bytes = malloc((size_t)st.st_size)))
    err = fread(*bytes, 1, (size_t)st.st_size, file) == (size_t)st.st_size ? 0 : -1;
  *n = err ? 0 : (size_t)st.st_size;
  (void)fclose(file);
  return err;
}

static SSL_CTX *tls_new(const char *certificate, const char *key)
{
  SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
  if (tls && SSL_CTX_use_certificate_file(tls, certificate, SSL_FILETYPE_PEM) == 1 &&
      SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) == 1 && SSL_CTX_set_num_tickets(tls, 1) == 1)
    return tls;
  ERR_print_errors_fp(stderr);
  SSL_CTX_free(tls);
  return NULL;
}

/* Listens on a port of the system's choice, which is returned; -1 on failure. */
static int listen_anywhere(struct server *server)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  struct epoll_event event = {.events = EPOLLIN};
  server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  server->poll = epoll_create1(EPOLL_CLOEXEC);
  if (server->listener < 0 || server->poll < 0 || bind(server->listener, (struct sockaddr *)&address, size) != 0 ||
      listen(server->listener, SOMAXCONN) != 0 ||
      getsockname(server->listener, (struct sockaddr *)&address, &size) != 0 ||
      epoll_ctl(server->poll, EPOLL_CTL_ADD, server->listener, &event) != 0)
    return -1;
  return ntohs(address.sin_port);
}

/* As many descriptors as the system allows, as every server here does. */
static void raise_descriptors(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
  }
}

int main(int argc, char **argv)
{
  struct server server = {.listener = -1, .poll = -1};
  char *answer = NULL;
  if (argc != 2 && argc != 4) {
    fputs("usage: floor ANSWER [CERTIFICATE KEY]\n\n"
          "Sends the bytes of the file ANSWER to whoever sends a line; over TLS where a certificate is given.\n"
          "Prints the port that it listens on, on 127.0.0.1.\n",
          stderr);
    return 2;
  }
  if (read_file(argv[1], &answer, &server.answer_bytes) != 0) {
    fprintf(stderr, "floor: %s cannot be read\n", argv[1]);
    return 1;
  }
  server.answer = answer;
  if (argc == 4 && !(server.tls = tls_new(argv[2], argv[3])))
    return 1;
  (void)signal(SIGPIPE, SIG_IGN); /* a client that left is an error of its own connection */
  raise_descriptors();
  int port = listen_anywhere(&server);
  if (port < 0) {
    perror("floor: listen");
    return 1;
  }
  printf("ready %d\n", port);
  (void)fflush(stdout);
  (void)serve(&server);
  perror("floor: epoll_wait");
  return 1;
}
