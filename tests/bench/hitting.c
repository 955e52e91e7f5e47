/* Fetches pages over kept connections, one request at a time on each, and counts whole answers.
 *
 *   hitting [-c CONNECTIONS] [-s SECONDS] [-n COUNT] PORT FILE
 *
 * FILE holds one path a line; they are asked for in turn on 127.0.0.1, again from the first when all are
 * used, until the time is over or COUNT answers came. An answer counts when its last byte is here and its
 * status is 2xx or 3xx. A server that goes away ends it. Prints JSON: answered, refused (another status),
 * seconds, median and 99th percentile of an answer's time in milliseconds, processor time.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 15, MOST = 512, KEPT = 1 << 22 };

struct asking {
    int fd;
    size_t got;
    double since;
    char answer[ROOM];
};

static char **paths;
static size_t path_count, next_path, sent, wanted = (size_t)-1;
static size_t answered, refused, open_count;
static float *took;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void read_paths(const char *name) {
    FILE *file = fopen(name, "r");
    size_t room = 0;
    if (!file) perror(name), exit(1);
    for (char *line = NULL; getline(&line, &(size_t){0}, file) > 0; line = NULL) {
        if (path_count == room) paths = realloc(paths, (room = 2 * room + 1024) * sizeof *paths);
        line[strcspn(line, "\r\n")] = 0;
        paths[path_count++] = line;
    }
    fclose(file);
    if (!path_count) fputs("hitting: no paths\n", stderr), exit(1);
}

/* The next request on this connection; 0 when there is none or the server is gone. */
static int ask(struct asking *one) {
    char request[4096];
    if (sent == wanted) return 0;
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
                        "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                        "Chrome/131.0.0.0 Safari/537.36\r\n\r\n",
                        paths[next_path++ % path_count]);
    one->got = 0;
    one->since = now();
    sent++;
    return write(one->fd, request, (size_t)size) == size;
}

/* Whether the answer is whole: its head, and as much as Content-Length says. */
static int is_whole(struct asking *one) {
    one->answer[one->got] = 0;
    char *end = strstr(one->answer, "\r\n\r\n"), *length = strcasestr(one->answer, "\ncontent-length:");
    if (!end) return 0;
    size_t body = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
    return one->got >= (size_t)(end + 4 - one->answer) + body;
}

/* 0 when this connection is done with. */
static int attend(struct asking *one) {
    ssize_t got = read(one->fd, one->answer + one->got, ROOM - 1 - one->got);
    if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
    one->got += (size_t)got;
    if (!is_whole(one)) return one->got < ROOM - 1;
    if (one->answer[9] == '2' || one->answer[9] == '3') {
        took[answered++ % KEPT] = (float)(now() - one->since);
    } else {
        refused++;
    }
    return ask(one);
}

static int by_size(const void *one, const void *other) {
    float a = *(const float *)one, b = *(const float *)other;
    return (a > b) - (a < b);
}

static void print_figures(double seconds) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    size_t kept = answered < KEPT ? answered : KEPT;
    qsort(took, kept, sizeof *took, by_size);
    long micros = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000L;
    printf("{\"answered\": %zu, \"refused\": %zu, \"seconds\": %.6f, \"median_ms\": %.3f, \"p99_ms\": %.3f, "
           "\"cpu_us\": %ld}\n",
           answered, refused, seconds, kept ? took[kept / 2] * 1000 : 0, kept ? took[kept * 99 / 100] * 1000 : 0,
           micros + used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

int main(int count, char **words) {
    int connections = 16, poller = epoll_create1(0), yes = 1;
    double seconds = 1e9;
    for (int option; (option = getopt(count, words, "c:s:n:")) != -1;) {
        if (option == 'c') connections = atoi(optarg);
        if (option == 's') seconds = atof(optarg);
        if (option == 'n') wanted = strtoul(optarg, NULL, 10);
    }
    if (optind != count - 2 || connections < 1 || connections > MOST) {
        return fputs("hitting [-c CONNECTIONS] [-s SECONDS] [-n COUNT] PORT FILE\n", stderr), 2;
    }
    signal(SIGPIPE, SIG_IGN);
    read_paths(words[optind + 1]);
    took = calloc(KEPT, sizeof *took);
    struct asking *all = calloc((size_t)connections, sizeof *all);
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(words[optind]))};
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    double began = now();
    for (int at = 0; at < connections; at++) {
        all[at].fd = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(all[at].fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (connect(all[at].fd, (struct sockaddr *)&there, sizeof there)) return perror("hitting"), 1;
        struct epoll_event wish = {.events = EPOLLIN, .data.ptr = &all[at]};
        epoll_ctl(poller, EPOLL_CTL_ADD, all[at].fd, &wish);
        open_count += (size_t)ask(&all[at]);
    }
    struct epoll_event events[MOST];
    while (open_count && now() - began < seconds) {
        int found = epoll_wait(poller, events, MOST, 100);
        for (int at = 0; at < found; at++) {
            struct asking *one = events[at].data.ptr;
            if (attend(one)) continue;
            epoll_ctl(poller, EPOLL_CTL_DEL, one->fd, NULL);
            close(one->fd);
            open_count--;
        }
    }
    print_figures(now() - began);
    return 0;
}
