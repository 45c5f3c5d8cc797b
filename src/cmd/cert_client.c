/* Makes a certificate for a visitor, and tells how it is shown. */
#include "cmd/cert_client.h"

#include <stdio.h>

#include "base/err.h"
#include "base/log.h"
#include "cmd/cert_show.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "cmd/say.h"
#include "tls/advice.h"
#include "tls/certificate.h"

enum { TEXT_MAX = 64 << 10, SAFE_MAX = 4 * TEXT_MAX };

/* A line that is pasted into a shell: escaped as all that is said, but a backslash stays one. */
static void say_command(const struct buf *line)
{
  struct buf safe = BUF_INIT(SAFE_MAX);
  log_escape(&safe, buf_str(line));
  for (size_t i = 0; i < safe.n; i++) {
    (void)putchar(safe.p[i]);
    if (safe.p[i] == '\\' && i + 1 < safe.n && safe.p[i + 1] == '\\')
      i++;
  }
  (void)putchar('\n');
  buf_free(&safe);
}

/* A file of the pair, as one word of a shell. */
static void put_file(struct buf *out, const char *option, const char *certs, const char *file, const char *suffix)
{
  struct buf path = BUF_INIT(TEXT_MAX);
  buf_printf(&path, "%s/%s%s", certs, file, suffix);
  buf_put_c(&path, '\0');
  buf_put_str(out, str_from(option));
  advice_word(out, buf_error(&path) ? file : path.p);
  buf_free(&path);
}

static void tell_use(const char *certs, const char *file)
{
  struct buf line = BUF_INIT(TEXT_MAX);
  puts("Settings take either fingerprint as it stands here. To visit with it (the server's name stands there three "
       "times):");
  /* By the name in the handshake the server knows which site is meant, and whether it asks for a certificate. */
  buf_put_str(&line, STR("  printf 'gemini://localhost/\\r\\n' | openssl s_client -quiet -connect localhost:1965"
                         " -servername localhost"));
  put_file(&line, " -cert", certs, file, ".crt");
  put_file(&line, " -key", certs, file, ".key");
  say_command(&line);
  puts("In Lagrange: import an identity, and paste both files. In Amfora: [auth.certs] and [auth.keys] of its "
       "config.toml,\nwhere the key is \"host\" or \"host:port\".");
  buf_free(&line);
}

int cert_client(const char *certs, const char *name, unsigned days)
{
  struct buf why = BUF_INIT(TEXT_MAX), line = BUF_INIT(TEXT_MAX), file = BUF_INIT(TEXT_MAX);
  int status = EXIT_FAULT;
  int err = certificate_make_client(certs, name, days, &why);
  certificate_client_file(name, &file);
  buf_put_c(&file, '\0');
  if (err == 0)
    err = buf_error(&file);
  if (err) {
    complain("cert", "%s%.*s", err == ERR_SYNTAX ? "client: " : "",
             STR_ARG(why.n ? buf_str(&why) : str_from(err_text(err))));
    status = err == ERR_SYNTAX ? EXIT_USAGE : EXIT_FAULT;
  } else {
    buf_printf(&line, "made %s/%s.crt and %s/%s.key: whoever has the key is that visitor", certs, file.p, certs,
               file.p);
    say_line(buf_str(&line));
    status = cert_show_one(certs, file.p);
    tell_use(certs, file.p);
  }
  buf_free(&file);
  buf_free(&line);
  buf_free(&why);
  return status;
}
