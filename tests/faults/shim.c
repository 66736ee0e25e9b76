/* Fails one system call of a run: the FAULT_AT-th write, fsync or rename of a file whose path has FAULT_PATH in it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int n_calls;

static int fails(const char *path)
{
	const char *wanted = getenv("FAULT_PATH"), *at = getenv("FAULT_AT"), *number = getenv("FAULT_ERRNO");

	if (!wanted || !at || !strstr(path, wanted))
		return 0;
	n_calls++;
	if (n_calls != atoi(at))
		return 0;
	errno = atoi(number);
	return 1;
}

static int fd_fails(int fd)
{
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n < 0)
		return 0;
	path[n] = 0;
	return fails(path);
}

ssize_t write(int fd, const void *data, size_t n)
{
	static ssize_t (*real)(int, const void *, size_t);

	if (!real)
		real = dlsym(RTLD_NEXT, "write");
	return fd_fails(fd) ? -1 : real(fd, data, n);
}

int fsync(int fd)
{
	static int (*real)(int);

	if (!real)
		real = dlsym(RTLD_NEXT, "fsync");
	return fd_fails(fd) ? -1 : real(fd);
}

int rename(const char *from, const char *to)
{
	static int (*real)(const char *, const char *);

	if (!real)
		real = dlsym(RTLD_NEXT, "rename");
	return fails(to) ? -1 : real(from, to);
}
