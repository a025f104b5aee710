/* SPDX-License-Identifier: MIT */
/*
 * The command lines of s3fs that mount nothing, as the tool "uploads":
 *
 *   -u BUCKET, --incomplete-mpu-list BUCKET     uploads BUCKET
 *   --incomplete-mpu-abort BUCKET               uploads --abort BUCKET
 *   --incomplete-mpu-abort=AGE BUCKET           ... --older-than AGE
 */
#ifndef S3FS_COMMAND_H
#define S3FS_COMMAND_H

/*
 * The same words as a call of the tool, ended by NULL; *argc is then their
 * number. The caller owns the array, the texts are argv's. NULL: it is none
 * of these lines, or there is no memory.
 */
char **s3fs_command_words(int *argc, char *const argv[]);

#endif
