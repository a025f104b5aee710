/* SPDX-License-Identifier: MIT */
/* HTTP and S3 by the settings; see network.h. */
#include "network.h"

#include <string.h>

#include "layers.h"
#include "log.h"
#include "object_settings.h"

static int network_check_ca_file(const char *path, struct buf *why)
{
	int rc;

	if (!path || access(path, R_OK) == 0)
		return 0;
	rc = -errno;
	buf_add_fmt(why,
		    "CA file %s: %s: set AWS_S3_VERIFY (-o verify=...) to one "
		    "that can be read",
		    path, strerrordesc_np(-rc));
	return rc;
}

/* A line each. */
static void network_log_notes(const char *notes)
{
	while (*notes) {
		size_t len = strcspn(notes, "\n");

		log_warn("config", "%.*s", (int)len, notes);
		notes += len + (notes[len] == '\n');
	}
}

int network_start(const struct config *config, struct network *out,
		  struct buf *why)
{
	struct errinfo err = ERRINFO_INIT;
	struct http_options http;
	struct s3_options s3;
	int rc;

	memset(out, 0, sizeof(*out));
	network_log_notes(buf_str(&config->notes));
	if (config->unread)
		log_info("config", "%s was left out: this user may not read it",
			 config->unread);
	layers_http_options(config, &http);
	layers_s3_options(config, &s3);
	rc = network_check_ca_file(http.ca_file, why);
	if (!rc)
		rc = state_dir_find(config, &out->state);
	if (!rc)
		rc = object_settings_new(config, &out->objects, why);
	if (rc) {
		if (!why->len)
			buf_add_str(why, strerrordesc_np(-rc));
		return rc;
	}
	memcpy(s3.record_folders, out->state.records,
	       sizeof(s3.record_folders));
	object_settings_apply(out->objects, &s3);
	object_settings_warn(out->objects, config);
	if (http.skip_verify)
		log_warn("main", "AWS_S3_VERIFY is False: whoever answers for "
				 "the server is believed");
	rc = http_new(&http, &out->http, &err);
	if (!rc)
		rc = s3_client_new(out->http, &s3, &out->s3, &err);
	if (rc) {
		buf_add_str(why, err.text[0] ? err.text : strerrordesc_np(-rc));
		config_tell_unread(config, why);
	}
	return rc;
}

void network_stop(struct network *network)
{
	if (network->s3)
		s3_client_free(network->s3);
	if (network->http)
		http_free(network->http);
	object_settings_free(network->objects);
	state_dir_release(&network->state);
	memset(network, 0, sizeof(*network));
}
