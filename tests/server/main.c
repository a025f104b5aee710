/* SPDX-License-Identifier: MIT */
/*
 * s3storefs-testserver: an S3 server in one process, for trying out, tests
 * and benchmarks. Reads its options, starts the server, waits for a signal.
 */
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "root.h"
#include "server.h"
#include "text.h"
#include "usage.h"

#define BUCKETS_MAX 64
#define PEM_MAX     ((size_t)1 << 20)

struct options {
	struct server_listen listen;
	const char *buckets[BUCKETS_MAX];
	unsigned bucket_count;
	const char *root;
	const char *log;
	const char *fault;
};

static struct server server = {
	.users = { { "TESTACCESSKEY", "testsecretkey", NULL } },
	.region = "us-east-1",
	.domains = { "s3.localhost", "localhost" },
	.domain_count = 2,
	.store = { .lock = LOCK_INIT(LOCK_UNRANKED) },
	.faults = { .lock = LOCK_INIT(LOCK_UNRANKED) },
	.log = { .lock = LOCK_INIT(LOCK_UNRANKED) },
	.keys = { .lock = LOCK_INIT(LOCK_UNRANKED) },
};

enum option_id {
	OPT_PORT = 256,
	OPT_ADDRESS,
	OPT_BUCKET,
	OPT_ROOT,
	OPT_ACCESS_KEY,
	OPT_SECRET_KEY,
	OPT_ACCESS_KEY2,
	OPT_SECRET_KEY2,
	OPT_SESSION_TOKEN,
	OPT_REGION,
	OPT_DOMAIN,
	OPT_LATENCY,
	OPT_LATENCY_GET,
	OPT_LATENCY_PUT,
	OPT_LATENCY_LIST,
	OPT_LATENCY_OTHER,
	OPT_DOWN,
	OPT_UP,
	OPT_TLS_CERT,
	OPT_TLS_KEY,
	OPT_LOG,
	OPT_NO_AUTH,
	OPT_NO_CONDITIONAL_WRITES,
	OPT_IGNORE_CONDITIONS,
	OPT_IGNORE_COMPLETE_CONDITIONS,
	OPT_NO_PART_COPY,
	OPT_NO_LIST_V2,
	OPT_FAULT,
	OPT_QUICK_ETAGS,
	OPT_THREADS,
	OPT_IDLE_TIMEOUT,
	OPT_HELP
};

static const struct option long_options[] = {
	{ "port", 1, NULL, OPT_PORT },
	{ "address", 1, NULL, OPT_ADDRESS },
	{ "bucket", 1, NULL, OPT_BUCKET },
	{ "root", 1, NULL, OPT_ROOT },
	{ "access-key", 1, NULL, OPT_ACCESS_KEY },
	{ "secret-key", 1, NULL, OPT_SECRET_KEY },
	{ "access-key2", 1, NULL, OPT_ACCESS_KEY2 },
	{ "secret-key2", 1, NULL, OPT_SECRET_KEY2 },
	{ "session-token", 1, NULL, OPT_SESSION_TOKEN },
	{ "region", 1, NULL, OPT_REGION },
	{ "domain", 1, NULL, OPT_DOMAIN },
	{ "latency", 0, NULL, OPT_LATENCY },
	{ "latency-get", 1, NULL, OPT_LATENCY_GET },
	{ "latency-put", 1, NULL, OPT_LATENCY_PUT },
	{ "latency-list", 1, NULL, OPT_LATENCY_LIST },
	{ "latency-other", 1, NULL, OPT_LATENCY_OTHER },
	{ "down", 1, NULL, OPT_DOWN },
	{ "up", 1, NULL, OPT_UP },
	{ "tls-cert", 1, NULL, OPT_TLS_CERT },
	{ "tls-key", 1, NULL, OPT_TLS_KEY },
	{ "log", 1, NULL, OPT_LOG },
	{ "no-auth", 0, NULL, OPT_NO_AUTH },
	{ "no-conditional-writes", 0, NULL, OPT_NO_CONDITIONAL_WRITES },
	{ "ignore-conditions", 0, NULL, OPT_IGNORE_CONDITIONS },
	{ "ignore-complete-conditions", 0, NULL,
	  OPT_IGNORE_COMPLETE_CONDITIONS },
	{ "no-part-copy", 0, NULL, OPT_NO_PART_COPY },
	{ "no-list-v2", 0, NULL, OPT_NO_LIST_V2 },
	{ "fault", 1, NULL, OPT_FAULT },
	{ "quick-etags", 0, NULL, OPT_QUICK_ETAGS },
	{ "threads", 1, NULL, OPT_THREADS },
	{ "idle-timeout", 1, NULL, OPT_IDLE_TIMEOUT },
	{ "help", 0, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 }
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "s3storefs-testserver: %s: %s\n", what, why);
	exit(1);
}

static uint64_t number(const char *text, uint64_t max)
{
	uint64_t n;

	if (text_parse_u64(text, max, &n) < 0)
		fail(text, "not a number in range");
	return n;
}

static char *read_pem(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = calloc(1, PEM_MAX + 1);
	size_t len = 0;
	ssize_t n = -1;

	while (fd >= 0 && text && len < PEM_MAX &&
	       (n = read(fd, text + len, PEM_MAX - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		fail(path, strerror(errno));
	return text;
}

/* The measured S3: 25 ms to the first byte and 90 MB/s a connection. */
static void typical_latency(struct latency *l)
{
	l->get = 25;
	l->put = 30;
	l->list = 60;
	l->other = 30;
	l->down = 90000000;
	l->up = 45000000;
}

static void add_bucket(struct options *o, const char *name)
{
	if (o->bucket_count == BUCKETS_MAX)
		fail(name, "too many buckets");
	o->buckets[o->bucket_count++] = name;
}

static void add_domain(const char *name)
{
	if (server.domain_count == DOMAINS_MAX)
		fail(name, "too many domains");
	/* Before the defaults: the longer of two that fit must come first. */
	memmove(server.domains + 1, server.domains,
		server.domain_count * sizeof(server.domains[0]));
	server.domains[0] = name;
	server.domain_count++;
}

/* Returns false if the option is not one of these. */
static bool take_latency_option(int id, const char *arg)
{
	struct latency *l = &server.latency;

	switch (id) {
	case OPT_LATENCY:
		typical_latency(l);
		return true;
	case OPT_LATENCY_GET:
		l->get = (int)number(arg, 600000);
		return true;
	case OPT_LATENCY_PUT:
		l->put = (int)number(arg, 600000);
		return true;
	case OPT_LATENCY_LIST:
		l->list = (int)number(arg, 600000);
		return true;
	case OPT_LATENCY_OTHER:
		l->other = (int)number(arg, 600000);
		return true;
	case OPT_DOWN:
		l->down = (long long)number(arg, INT64_MAX);
		return true;
	case OPT_UP:
		l->up = (long long)number(arg, INT64_MAX);
		return true;
	default:
		return false;
	}
}

static bool take_user_option(int id, const char *arg)
{
	switch (id) {
	case OPT_ACCESS_KEY:
		server.users[0].access_key = arg;
		return true;
	case OPT_SECRET_KEY:
		server.users[0].secret_key = arg;
		return true;
	case OPT_ACCESS_KEY2:
		server.users[1].access_key = arg;
		return true;
	case OPT_SECRET_KEY2:
		server.users[1].secret_key = arg;
		return true;
	case OPT_SESSION_TOKEN:
		server.users[0].session_token = arg;
		return true;
	case OPT_REGION:
		server.region = arg;
		return true;
	case OPT_DOMAIN:
		add_domain(arg);
		return true;
	default:
		return false;
	}
}

static bool take_flag(int id)
{
	switch (id) {
	case OPT_NO_AUTH:
		server.no_auth = true;
		return true;
	case OPT_NO_CONDITIONAL_WRITES:
		server.no_conditional_writes = true;
		return true;
	case OPT_IGNORE_CONDITIONS:
		server.ignores_conditions = true;
		return true;
	case OPT_IGNORE_COMPLETE_CONDITIONS:
		server.ignores_complete_conditions = true;
		return true;
	case OPT_NO_PART_COPY:
		server.no_part_copy = true;
		return true;
	case OPT_NO_LIST_V2:
		server.no_list_v2 = true;
		return true;
	case OPT_QUICK_ETAGS:
		server.quick_etags = true;
		return true;
	default:
		return false;
	}
}

static void take_option(struct options *o, int id, const char *arg)
{
	switch (id) {
	case OPT_PORT:
		o->listen.port = (uint16_t)number(arg, UINT16_MAX);
		break;
	case OPT_ADDRESS:
		o->listen.address = arg;
		break;
	case OPT_BUCKET:
		add_bucket(o, arg);
		break;
	case OPT_ROOT:
		o->root = arg;
		break;
	case OPT_TLS_CERT:
		o->listen.tls_cert = read_pem(arg);
		break;
	case OPT_TLS_KEY:
		o->listen.tls_key = read_pem(arg);
		break;
	case OPT_LOG:
		o->log = arg;
		break;
	case OPT_FAULT:
		o->fault = arg;
		break;
	case OPT_THREADS:
		o->listen.threads = (unsigned)number(arg, 64);
		break;
	case OPT_IDLE_TIMEOUT:
		o->listen.idle_timeout_s = (unsigned)number(arg, 86400);
		break;
	case OPT_HELP:
		fputs(usage_text, stdout);
		exit(0);
	default:
		fprintf(stderr, "s3storefs-testserver --help tells more\n");
		exit(2);
	}
}

static void read_options(struct options *o, int argc, char **argv)
{
	int id;

	while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if (!take_latency_option(id, optarg) &&
		    !take_user_option(id, optarg) && !take_flag(id))
			take_option(o, id, optarg);
	if (optind < argc)
		fail(argv[optind], "not an option");
	if (!server.users[1].access_key != !server.users[1].secret_key)
		fail("--access-key2", "needs --secret-key2, and that needs it");
	if (!o->listen.tls_cert != !o->listen.tls_key)
		fail("--tls-cert", "needs --tls-key, and that needs it");
	/* A pool of one thread is no pool. */
	if (o->listen.threads < 2)
		o->listen.threads = 2;
}

static void open_log(const char *name)
{
	server.log.is_off = name && strcmp(name, "none") == 0;
	if (!name || server.log.is_off || strcmp(name, "memory") == 0)
		return;
	server.log.file = fopen(name, "ae");
	if (!server.log.file)
		fail(name, strerror(errno));
}

static void plan_faults(const char *text)
{
	json_t *json = text ? json_loads(text, 0, NULL) : json_array();
	const char *why = "not JSON";

	/* One rule may stand without its array. */
	if (json_is_object(json)) {
		json_t *array = json_array();

		json_array_append_new(array, json);
		json = array;
	}
	list_init(&server.faults.rules);
	if (!json || faults_set(&server.faults, json, &why) < 0)
		fail("--fault", why);
	json_decref(json);
}

static void fill_store(const struct options *o)
{
	struct store *store = &server.store;
	int rc = 0;

	LOCK(&store->lock);
	if (o->root) {
		store->root = root_open(o->root);
		rc = store->root ? root_load(store->root, store) : -errno;
	}
	if (rc < 0)
		fail(o->root, strerror(-rc));
	for (unsigned i = 0; i < o->bucket_count; i++) {
		rc = store_add_bucket_locked(store, o->buckets[i], 0,
					     ACL_PRIVATE);
		if (rc < 0 && rc != -EEXIST)
			fail(o->buckets[i], strerror(-rc));
	}
}

static void raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	/* Freed bodies go back to the system, whatever was freed before. */
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
}

int main(int argc, char **argv)
{
	struct options o = {
		.listen = { .address = "127.0.0.1", .port = 4710, .threads = 4 }
	};
	sigset_t signals;
	uint16_t port;
	int rc, which;

	read_options(&o, argc, argv);
	raise_limits();
	plan_faults(o.fault);
	open_log(o.log);
	fill_store(&o);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	rc = server_start(&server, &o.listen, &port);
	if (rc < 0)
		fail("cannot listen", strerror(-rc));
	printf("listening on %s://%s:%u\n",
	       o.listen.tls_cert ? "https" : "http", o.listen.address, port);
	fflush(stdout);
	sigwait(&signals, &which);
	server_stop(&server);
	store_release(&server.store);
	body_free_spares();
	if (server.store.root)
		root_close(server.store.root);
	faults_release(&server.faults);
	reqlog_release(&server.log);
	if (server.log.file)
		fclose(server.log.file);
	free(o.listen.tls_cert);
	free(o.listen.tls_key);
	return 0;
}
