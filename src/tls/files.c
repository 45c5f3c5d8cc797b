/* The names of a pair's files, and what to do about them. */
#include "tls/files.h"

#include "tls/advice.h"

void files_path(const struct tls_files *files, bool key, struct buf *out)
{
  if (files->certificate)
    buf_put_str(out, str_from(key ? files->key : files->certificate));
  else
    buf_printf(out, "%s/%s%s", files->dir, files->file, key ? ".key" : ".crt");
}

static bool from_elsewhere(const struct tls_files *files, struct buf *out)
{
  if (files->certificate)
    buf_put_str(out, STR("get another one where this one was made"));
  return files->certificate != NULL;
}

void files_advise_pair(const struct tls_files *files, struct buf *out)
{
  if (from_elsewhere(files, out))
    return;
  buf_put_str(out, STR("make a new pair with "));
  advice_cert(out, "new", files->dir, files->file, true);
}

void files_advise_certificate(const struct tls_files *files, struct buf *out)
{
  if (from_elsewhere(files, out))
    return;
  advice_cert(out, "renew", files->dir, files->file, false);
  buf_put_str(out, STR(" makes a new one"));
}

void files_advise_name(const struct tls_files *files, const char *name, struct buf *out)
{
  if (files->certificate)
    return;
  buf_put_str(out, STR("; "));
  advice_add(out, files->dir, files->file, name);
  buf_put_str(out, STR(" adds it"));
}
