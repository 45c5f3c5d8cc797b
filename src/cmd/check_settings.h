/* `nuncio check -c FILE`. */
#ifndef NUNCIO_CMD_CHECK_SETTINGS_H
#define NUNCIO_CMD_CHECK_SETTINGS_H

/* Checks a settings file, and the folders, certificates and user that it names. One line on standard output for each
 * fault, or one that says that all is fine; returns EXIT_OK, EXIT_FAULT where there is a fault, or EXIT_USAGE. */
int check_settings(int argc, char **argv);

#endif
