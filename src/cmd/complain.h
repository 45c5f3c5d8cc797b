/* What a command says when it cannot do what it was asked to. */
#ifndef NUNCIO_CMD_COMPLAIN_H
#define NUNCIO_CMD_COMPLAIN_H

/* Writes one line to standard error: `nuncio COMMAND: ` (`nuncio: ` where that is NULL) and the message, escaped as in
 * the log, so that nothing in an argument or a file name can steer the terminal or look like a second line. A very long
 * message is cut. */
void complain(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
