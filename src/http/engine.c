/* SPDX-License-Identifier: MIT */
/*
 * The loop thread: epoll, curl's multi handle, and the queue's wake-ups.
 *
 * Each round takes what the queue wants done, sleeps until a socket, a timer
 * or the queue's eventfd speaks, and hands back what has ended. epoll's own
 * time-out serves curl's timer as well as ours: a timerfd would cost a
 * system call each time curl moves its timer, which is every request.
 */
#include "engine.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "clock.h"
#include "log.h"
#include "thread.h"
#include "transfer.h"

enum {
	EVENTS_AT_ONCE = 64
};

static int loop_on_timer_moved(CURLM *multi, long timeout_ms, void *arg)
{
	struct http *http = arg;

	(void)multi;
	http->timer_at_ms =
		timeout_ms < 0 ? INT64_MAX : clock_now_ms() + timeout_ms;
	return 0;
}

/*
 * curl tells which sockets it waits for. known is what curl_multi_assign
 * gave: not NULL once epoll has the socket. An error is not passed on, for
 * curl would give up every transfer: this one runs into its time-out.
 */
static int loop_on_socket_changed(CURL *easy, curl_socket_t fd, int what,
				  void *arg, void *known)
{
	struct http *http = arg;
	struct epoll_event event = { .data.fd = fd };
	int op = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(http->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	if (epoll_ctl(http->epoll_fd, op, fd, &event) < 0)
		log_warn("http", "socket not watched: errno %d", errno);
	curl_multi_assign(http->multi, fd, http);
	return 0;
}

static void loop_start_request(struct http *http, struct http_request *req)
{
	int rc = http_transfer_start(http, req);

	if (rc < 0)
		http_request_end(http, req, rc,
				 rc == -ENOMEM ? "no memory" :
						 "not a valid request",
				 true);
}

static void loop_run_queue(struct http *http)
{
	struct http_request *req;
	enum http_step step;

	while ((req = http_queue_next(&http->queue, clock_now_ms(), &step))) {
		switch (step) {
		case HTTP_STEP_START:
			loop_start_request(http, req);
			break;
		case HTTP_STEP_RESUME:
			http_transfer_resume(req->transfer);
			break;
		case HTTP_STEP_ABORT:
			http_transfer_end(http, req->transfer, CURLE_OK,
					  -ECANCELED);
			break;
		case HTTP_STEP_END:
			http_request_end(http, req, req->result,
					 req->result == -ETIMEDOUT ?
						 "no connection in time" :
						 "cancelled",
					 false);
			break;
		}
	}
}

static void loop_abort_all(struct http *http)
{
	while (!list_is_empty(&http->active))
		http_transfer_end(http,
				  container_of(http->active.next,
					       struct http_transfer, link),
				  CURLE_OK, -ECANCELED);
}

static int loop_sleep_ms(struct http *http)
{
	int64_t at = http_queue_wake_at(&http->queue);
	int64_t left;

	if (http->timer_at_ms < at)
		at = http->timer_at_ms;
	if (at == INT64_MAX)
		return -1;
	left = at - clock_now_ms();
	if (left < 0)
		return 0;
	return left < INT32_MAX ? (int)left : INT32_MAX;
}

/* An error or hang-up shows when curl reads or writes. */
static int loop_curl_events(uint32_t events)
{
	int mask = 0;

	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		mask |= CURL_CSELECT_IN;
	if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
		mask |= CURL_CSELECT_OUT;
	return mask;
}

static void loop_wait_and_move(struct http *http)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int running, count;
	eventfd_t ignored;

	count = epoll_wait(http->epoll_fd, events, EVENTS_AT_ONCE,
			   loop_sleep_ms(http));
	http_queue_awake(&http->queue);
	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == http->queue.wake_fd)
			eventfd_read(http->queue.wake_fd, &ignored);
		else
			curl_multi_socket_action(
				http->multi, events[i].data.fd,
				loop_curl_events(events[i].events), &running);
	}
	if (http->timer_at_ms > clock_now_ms())
		return;
	http->timer_at_ms = INT64_MAX;
	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static void loop_hand_back(struct http *http)
{
	struct http_transfer *t;
	struct CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(http->multi, &left))) {
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
		http_transfer_end(http, t, msg->data.result, 0);
	}
}

void *http_loop_main(void *arg)
{
	struct http *http = arg;

	thread_become(THREAD_LOOP);
	for (;;) {
		loop_run_queue(http);
		if (http_queue_is_stopping(&http->queue))
			loop_abort_all(http);
		if (http_queue_is_drained(&http->queue))
			return NULL;
		loop_wait_and_move(http);
		loop_hand_back(http);
	}
}

int http_loop_init(struct http *http)
{
	struct epoll_event event = { .events = EPOLLIN,
				     .data.fd = http->queue.wake_fd };
	CURLM *multi;

	http->timer_at_ms = INT64_MAX;
	http->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (http->epoll_fd < 0)
		return errno == EMFILE || errno == ENFILE ? -EMFILE : -ENOMEM;
	if (epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, http->queue.wake_fd,
		      &event) < 0)
		return -ENOMEM;
	http->multi = multi = curl_multi_init();
	http->share = curl_share_init();
	if (!multi || !http->share)
		return -ENOMEM;
	curl_share_setopt(http->share, CURLSHOPT_SHARE,
			  CURL_LOCK_DATA_SSL_SESSION);
	curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)http->queue.limit);
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION,
			  loop_on_socket_changed);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, loop_on_timer_moved);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http);
	return 0;
}

/* The idle connections go with the multi handle, so that comes last. */
void http_loop_release(struct http *http)
{
	http_transfers_release(http);
	curl_multi_cleanup(http->multi);
	curl_share_cleanup(http->share);
	close_fd(&http->epoll_fd);
}
