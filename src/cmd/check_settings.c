/* Whether `nuncio serve -c FILE` would do what its owner wants. */
#include "cmd/check_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd/check_settings_paths.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "cmd/option.h"
#include "cmd/preflight.h"
#include "cmd/say.h"
#include "config/file.h"
#include "proc/folders.h"
#include "proc/kept.h"
#include "proc/user.h"
#include "tls/certificate.h"

enum { WHY_MAX = 8192, FAULTS_MAX = 1 << 20 };

struct check {
  const char *file;
  unsigned faults;
};

/* ------------------------------------------------------------------ saying */

/* One fault in each line. */
static void tell(struct check *c, const struct buf *faults, bool with_file)
{
  struct str rest = buf_str(faults), line;
  struct buf whole = BUF_INIT(FAULTS_MAX);
  while (str_line(&rest, &line)) {
    if (with_file)
      buf_printf(&whole, "%s: ", c->file);
    buf_put_str(&whole, line);
    say_line(buf_str(&whole));
    buf_clear(&whole);
    c->faults++;
  }
  buf_free(&whole);
}

/* ------------------------------------------------------------------ looking */

/* 0, or the status of a child that cannot become the user (1) or, as that user, enter the folder (2): what a worker
 * does, which opens it before it becomes another one. */
static int enter_as(const char *user, const char *path)
{
  int status = 0;
  (void)fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    struct buf why = BUF_INIT(WHY_MAX);
    int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (user_become(user, &why) < 0)
      _exit(1);
    _exit(folder >= 0 && faccessat(folder, ".", X_OK, AT_EACCESS) == 0 ? 0 : 2);
  }
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
    return 1;
  return WEXITSTATUS(status);
}

/* Only who runs as root becomes another user, or can try. */
static void check_user(struct check *c, const struct settings *s)
{
  struct buf why = BUF_INIT(WHY_MAX);
  int err = s->user ? user_check(s->user, &why) : 0;
  if (err == ERR_DENIED && geteuid() != 0 && !user_is_root(s->user))
    err = 0;
  if (err)
    tell(c, &why, true);
  buf_free(&why);
}

static void check_capsule(struct check *c, const struct settings *s, const struct site_settings *site)
{
  struct buf why = BUF_INIT(WHY_MAX);
  if (preflight_capsule(site->capsule, &why) == 0 && s->user && geteuid() == 0 && enter_as(s->user, site->capsule) == 2)
    buf_printf(&why, "capsule %s: the user %s may not enter it: let everybody read it (chmod -R a+rX %s)",
               site->capsule, s->user, site->capsule);
  tell(c, &why, true);
  buf_free(&why);
}

static void check_homes(struct check *c, const struct settings *s, const struct site_settings *site)
{
  struct buf why = BUF_INIT(WHY_MAX);
  struct stat st;
  int error = !site->homes ? 0 : stat(site->homes, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
  if (error)
    buf_printf(&why, "user-dirs: %s: %s; name the folder in which users have their homes, before the `*`", site->homes,
               strerror(error));
  else if (site->homes && s->user && geteuid() == 0 && enter_as(s->user, site->homes) == 2)
    buf_printf(&why, "user-dirs: the user %s may not enter %s: let everybody pass (chmod a+x %s)", s->user, site->homes,
               site->homes);
  tell(c, &why, true);
  buf_free(&why);
}

/* One that is not there is made, where that can be. */
static void check_folder_of_certificates(const char *dir, struct buf *faults)
{
  struct buf above = BUF_INIT(WHY_MAX);
  size_t slash = str_rfind(str_from(dir), '/');
  buf_put_str(&above, slash < strlen(dir) ? str_head(str_from(dir), slash + 1) : STR("."));
  buf_put_c(&above, '\0');
  const char *place = access(dir, F_OK) == 0 ? dir : above.p;
  if (buf_error(&above) == 0 && faccessat(AT_FDCWD, place, W_OK | X_OK, AT_EACCESS) < 0)
    buf_printf(faults, "no certificate can be made in %s: %s: %s\n", dir, place, strerror(errno));
  buf_free(&above);
}

static void check_certificate(struct check *c, const struct settings *s, const struct site_settings *site)
{
  struct buf faults = BUF_INIT(FAULTS_MAX);
  const char *names[NAMES_MAX];
  for (size_t i = 0; i < site->n_names; i++)
    names[i] = site->names[i];
  const struct tls_files files = {
      .dir = s->certs, .file = site->names[0], .certificate = site->certificate, .key = site->key};
  if (site->certificate || certificate_exists(s->certs, site->names[0], false))
    certificate_check(&files, names, site->n_names, &faults);
  else
    check_folder_of_certificates(s->certs, &faults); /* on the key that is there, or with a new one */
  tell(c, &faults, true);
  buf_free(&faults);
}

/* One that is not there is made by who serves, but not its folder. */
static void check_log(struct check *c, const struct settings *s)
{
  struct buf above = BUF_INIT(WHY_MAX), why = BUF_INIT(WHY_MAX);
  struct str path = str_from(s->log_path ? s->log_path : "");
  size_t slash = str_rfind(path, '/');
  buf_put_str(&above, slash < path.n ? str_head(path, slash + 1) : STR("."));
  buf_put_c(&above, '\0');
  struct stat st;
  int error = buf_error(&above) || stat(above.p, &st) == 0 ? 0 : errno;
  if (s->log_to == LOG_TO_FILE && s->log_path && error)
    buf_printf(&why, "log-requests: %s: the folder %s: %s", s->log_path, above.p, strerror(error));
  tell(c, &why, true);
  buf_free(&above);
  buf_free(&why);
}

/* What settings of some paths name. */
static void check_rules(struct check *c, const struct settings *s)
{
  struct buf faults = BUF_INIT(FAULTS_MAX);
  check_authorities(s, &faults);
  for (size_t i = 0; i < s->n_sites; i++)
    check_paths(s, &s->sites[i], &faults);
  tell(c, &faults, true);
  buf_free(&faults);
}

/* A private key that readers could ask for. */
static void check_keys(struct check *c, const struct settings *s)
{
  struct buf why = BUF_INIT(WHY_MAX);
  if (folders_apart_all(s, &why) < 0)
    tell(c, &why, true);
  buf_free(&why);
}

/* Whether they can be handed to who serves. */
static void check_kept(struct check *c, struct settings *s)
{
  struct buf why = BUF_INIT(WHY_MAX);
  int fd = kept_make(s, &why);
  if (fd >= 0)
    close(fd);
  tell(c, &why, true);
  buf_free(&why);
}

static void check_all(struct check *c, struct settings *s)
{
  if (!settings_listen_at_all(s)) {
    struct buf why = BUF_INIT(WHY_MAX);
    buf_put_str(&why, STR("both protocols are off: nothing is left to serve"));
    tell(c, &why, true);
    buf_free(&why);
  }
  check_user(c, s);
  for (size_t i = 0; i < s->n_sites; i++) {
    check_capsule(c, s, &s->sites[i]);
    check_homes(c, s, &s->sites[i]);
    if (settings_use_tls(s))
      check_certificate(c, s, &s->sites[i]);
  }
  check_keys(c, s);
  check_log(c, s);
  check_rules(c, s);
  check_kept(c, s);
}

static int check(const char *file)
{
  struct check c = {.file = file};
  struct settings s;
  struct buf why = BUF_INIT(FAULTS_MAX);
  int err = settings_init(&s);
  if (err == 0)
    err = settings_check_file(&s, file, &why);
  if (err == ERR_NOMEM) {
    complain("check", "out of memory");
    c.faults++;
  } else if (err) {
    tell(&c, &why, false); /* each names its file and line */
  } else {
    check_all(&c, &s);
  }
  if (c.faults == 0) {
    buf_printf(&why, "%s: fine", file);
    say_line(buf_str(&why));
  }
  buf_free(&why);
  settings_free(&s);
  return c.faults ? EXIT_FAULT : EXIT_OK;
}

int check_settings(int argc, char **argv)
{
  static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
  const char *file = NULL;
  int code;
  optind = 1;
  while ((code = option_next("check", argc, argv, ":c:", options, NULL)) != OPTION_END) {
    if (code == OPTION_WRONG)
      return EXIT_USAGE;
    if (file) {
      complain("check", "one settings file is checked at a time");
      return EXIT_USAGE;
    }
    file = optarg;
  }
  if (!file || optind < argc) {
    complain("check", "expected -c FILE and nothing else; `nuncio check --help` tells");
    return EXIT_USAGE;
  }
  return check(file);
}
