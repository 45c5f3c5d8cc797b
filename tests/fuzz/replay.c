/* Replays a corpus through a fuzz target, so that `make test` needs no fuzzer: replay_NAME DIR. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    return -1;
  }
  size_t n = 0, cap = 1 << 16;
  uint8_t *data = malloc(cap);
  while (data) {
    size_t got = fread(data + n, 1, cap - n, file);
    if (got == 0)
      break;
    n += got;
    if (n == cap) {
      uint8_t *grown = realloc(data, cap *= 2);
      if (!grown)
        free(data);
      data = grown;
    }
  }
  (void)fclose(file);
  if (!data)
    return -1;
  (void)LLVMFuzzerTestOneInput(data, n);
  free(data);
  return 0;
}

int main(int argc, char **argv)
{
  unsigned count = 0;
  for (int i = 1; i < argc; i++) {
    DIR *dir = opendir(argv[i]);
    if (!dir) {
      perror(argv[i]);
      return 1;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir))) {
      char path[4096];
      if (entry->d_name[0] == '.')
        continue;
      if (snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name) >= (int)sizeof path || replay_file(path) < 0)
        return 1;
      count++;
    }
    closedir(dir);
  }
  if (count == 0) {
    (void)fprintf(stderr, "%s: no corpus\n", argv[0]);
    return 1;
  }
  const char *name = strrchr(argv[0], '/');
  printf("fuzz corpus %s: %u inputs\n", name ? name + 1 : argv[0], count);
  return 0;
}
