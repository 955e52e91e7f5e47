/* A mail server that takes every letter and keeps none: it costs little, so that the sender is what is measured.
 *
 *   sink [-j FILE] [-r MS] [-n] PORT
 *
 * -j writes one line for each letter: its recipients, a tab, its Message-ID. -r holds every reply back for
 * that long, as a server far away does, while reading on. -n does not offer PIPELINING. SIGUSR1 prints, as
 * JSON, what it took since it was last asked, the moments of the first and last acceptance, and all its
 * processor time; SIGTERM does so and ends it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ = 1 << 18, LINE = 1 << 12, HEAD = 1 << 13, NAMES = 1 << 12, EVENTS = 128 };

struct client {
    int fd, in_letter, matched, recipients, closing, stuck;
    int waiting; /* replies held back */
    size_t line_size, head_size, names_size;
    char line[LINE], head[HEAD], names[NAMES];
    char *out;
    size_t out_size, out_room, ready; /* `ready` bytes of `out` may leave now */
};

/* Replies held back, in the order in which they are due. */
static struct held { struct client *client; size_t size; double due; } *line_up;
static size_t first_held, after_held, held_room;

static volatile sig_atomic_t ended, asked;
static sigset_t heeded; /* while waiting; a signal that came just before it would not end the wait */
static long accepted, octets;
static double first_at, last_at, delay;
static int poller, pipelining = 1;
static FILE *journal;

static double clock_seconds(clockid_t which) {
    struct timespec now;
    clock_gettime(which, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void *demand(void *memory) {
    if (!memory) abort();
    return memory;
}

static void on_sign(int sign) { *(sign == SIGTERM ? &ended : &asked) = 1; }

static void say(struct client *client, const char *text) {
    size_t size = strlen(text);
    if (client->out_size + size > client->out_room) {
        client->out_room = 2 * (client->out_size + size);
        client->out = demand(realloc(client->out, client->out_room));
    }
    memcpy(client->out + client->out_size, text, size);
    client->out_size += size;
}

static void forget(struct client *client) {
    if (client->fd >= 0) close(client->fd);
    client->fd = -1;
    if (client->waiting) return;
    free(client->out);
    free(client);
}

/* Send what is ready; 0 when the client is gone. What does not fit into the socket goes with the next event. */
static int send_ready(struct client *client) {
    size_t gone = 0;
    while (gone < client->ready) {
        ssize_t done = write(client->fd, client->out + gone, client->ready - gone);
        if (done < 0 && errno == EAGAIN) break;
        if (done < 0 && errno != EINTR) return 0;
        if (done > 0) gone += (size_t)done;
    }
    memmove(client->out, client->out + gone, client->out_size - gone);
    client->out_size -= gone;
    client->ready -= gone;
    if (client->stuck != (client->ready > 0)) {
        client->stuck = client->ready > 0;
        struct epoll_event wish = {.events = EPOLLIN | (client->stuck ? EPOLLOUT : 0), .data.ptr = client};
        epoll_ctl(poller, EPOLL_CTL_MOD, client->fd, &wish);
    }
    return !(client->closing && !client->out_size);
}

/* Let what was said since `before` leave, at once or when its time comes; 0 when the client is gone. */
static int release(struct client *client, size_t before) {
    size_t size = client->out_size - before;
    if (!size) return 1;
    if (delay == 0) return client->ready = client->out_size, send_ready(client);
    if (first_held == after_held || first_held > 4096) {
        memmove(line_up, line_up + first_held, (after_held - first_held) * sizeof *line_up);
        after_held -= first_held;
        first_held = 0;
    }
    if (after_held == held_room) {
        held_room = 2 * held_room + 1024;
        line_up = demand(realloc(line_up, held_room * sizeof *line_up));
    }
    line_up[after_held++] = (struct held){client, size, clock_seconds(CLOCK_MONOTONIC) + delay};
    client->waiting++;
    return 1;
}

static void release_due(void) {
    double now = clock_seconds(CLOCK_MONOTONIC);
    while (first_held < after_held && line_up[first_held].due <= now) {
        struct held one = line_up[first_held++];
        one.client->waiting--;
        one.client->ready += one.size;
        if (one.client->fd < 0 || !send_ready(one.client)) forget(one.client);
    }
}

static void note(struct client *client) {
    client->head[client->head_size] = 0;
    char *found = strcasestr(client->head, "\nMessage-ID:");
    if (found) found += strlen("\nMessage-ID:");
    if (found) found += strspn(found, " \t\r\n");
    int size = found ? (int)strcspn(found, " \t\r\n") : 0;
    fprintf(journal, "%.*s\t%.*s\n", (int)client->names_size, client->names, size, found ? found : "");
}

static void accept_letter(struct client *client) {
    last_at = clock_seconds(CLOCK_REALTIME);
    if (!accepted++) first_at = last_at;
    if (journal) note(client);
    client->in_letter = client->recipients = 0;
    client->names_size = 0;
    say(client, "250 2.0.0 Taken\r\n");
}

static void recipient(struct client *client) {
    char *from = strchr(client->line, '<'), *to = from ? strchr(from, '>') : NULL;
    size_t size = to ? (size_t)(to - from) - 1 : 0;
    if (!size || client->names_size + size + 1 >= NAMES) {
        say(client, size ? "452 4.5.3 Too many\r\n" : "501 5.1.3 Whom?\r\n");
        return;
    }
    if (client->recipients++) client->names[client->names_size++] = ',';
    memcpy(client->names + client->names_size, from + 1, size);
    client->names_size += size;
    say(client, "250 2.1.5 Fine\r\n");
}

static void obey(struct client *client) {
    const char *line = client->line;
    if (!strncasecmp(line, "MAIL", 4) || !strncasecmp(line, "RSET", 4)) {
        client->recipients = 0;
        client->names_size = 0;
        say(client, "250 2.1.0 Fine\r\n");
    } else if (!strncasecmp(line, "RCPT", 4)) {
        recipient(client);
    } else if (!strncasecmp(line, "DATA", 4)) {
        client->in_letter = client->recipients > 0;
        client->matched = 2; /* the line end before the first line is behind us */
        client->head_size = 1;
        client->head[0] = '\n';
        say(client, client->in_letter ? "354 Go on\r\n" : "503 5.5.1 To whom?\r\n");
    } else if (!strncasecmp(line, "EHLO", 4)) {
        say(client, "250-sink\r\n");
        if (pipelining) say(client, "250-PIPELINING\r\n");
        say(client, "250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 52428800\r\n");
    } else if (!strncasecmp(line, "NOOP", 4) || !strncasecmp(line, "HELO", 4)) {
        say(client, "250 2.0.0 sink\r\n");
    } else if (!strncasecmp(line, "QUIT", 4)) {
        client->closing = 1;
        say(client, "221 2.0.0 Bye\r\n");
    } else {
        say(client, "500 5.5.2 What?\r\n");
    }
}

/* Take in a part of a letter up to its final dot; returns how many bytes were used. */
static size_t take(struct client *client, const char *bytes, size_t size) {
    static const char end[] = "\r\n.\r\n";
    size_t room = journal ? HEAD - 1 - client->head_size : 0, part = room < size ? room : size;
    memcpy(client->head + client->head_size, bytes, part);
    client->head_size += part;
    for (size_t at = 0; at < size; at++) {
        if (client->matched == 0) {
            const char *next = memchr(bytes + at, '\r', size - at);
            if (!next) return size;
            at = (size_t)(next - bytes);
        }
        if (bytes[at] == end[client->matched]) {
            if (++client->matched == 5) return accept_letter(client), at + 1;
        } else {
            client->matched = bytes[at] == '\r';
        }
    }
    return size;
}

/* Take in a part of a command; obeys when it is whole. */
static size_t listen_to(struct client *client, const char *bytes, size_t size) {
    const char *end = memchr(bytes, '\n', size);
    size_t part = end ? (size_t)(end - bytes) + 1 : size;
    size_t room = LINE - 1 - client->line_size;
    memcpy(client->line + client->line_size, bytes, part < room ? part : room);
    client->line_size += part < room ? part : room;
    if (end) {
        client->line[client->line_size] = 0;
        client->line_size = 0;
        obey(client);
    }
    return part;
}

static int attend(struct client *client) {
    static char bytes[READ];
    ssize_t got = read(client->fd, bytes, READ);
    if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
    octets += got;
    size_t before = client->out_size;
    for (size_t at = 0; at < (size_t)got && !client->closing;) {
        size_t left = (size_t)got - at;
        at += client->in_letter ? take(client, bytes + at, left) : listen_to(client, bytes + at, left);
    }
    return release(client, before);
}

static void welcome(int door) {
    int fd, yes = 1;
    while ((fd = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct client *client = demand(calloc(1, sizeof *client));
        client->fd = fd;
        struct epoll_event wish = {.events = EPOLLIN, .data.ptr = client};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &wish);
        say(client, "220 sink ESMTP\r\n");
        if (!release(client, 0)) forget(client);
    }
}

static int open_door(int port) {
    int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(door, (struct sockaddr *)&here, sizeof here) || listen(door, 1024)) perror("sink"), exit(1);
    return door;
}

/* Wait until something comes or the next reply is due. Not by epoll_wait, which knows whole milliseconds only:
 * a reply would be held back for one more than was asked. */
static void wait_for_work(void) {
    struct pollfd all = {.fd = poller, .events = POLLIN};
    double left = first_held == after_held ? 0 : line_up[first_held].due - clock_seconds(CLOCK_MONOTONIC);
    if (left < 0) left = 0;
    struct timespec time = {.tv_sec = (time_t)left, .tv_nsec = (long)((left - (time_t)left) * 1e9)};
    ppoll(&all, 1, first_held == after_held ? NULL : &time, &heeded);
}

static void print_figures(void) {
    long micros = (long)(clock_seconds(CLOCK_PROCESS_CPUTIME_ID) * 1e6);
    printf("{\"accepted\": %ld, \"bytes\": %ld, \"first_at\": %.6f, \"last_at\": %.6f, \"cpu_us\": %ld}\n",
           accepted, octets, first_at, last_at, micros);
    fflush(NULL);
    asked = accepted = octets = 0;
}

int main(int count, char **words) {
    for (int option; (option = getopt(count, words, "j:r:n")) != -1;) {
        if (option == 'j' && !(journal = fopen(optarg, "w"))) return perror(optarg), 1;
        if (option == 'r') delay = atof(optarg) / 1000;
        if (option == 'n') pipelining = 0;
    }
    if (optind != count - 1) return fputs("sink [-j FILE] [-r MS] [-n] PORT\n", stderr), 2;
    signal(SIGPIPE, SIG_IGN);
    struct sigaction heard = {.sa_handler = on_sign};
    sigaction(SIGTERM, &heard, NULL);
    sigaction(SIGUSR1, &heard, NULL);
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGUSR1);
    sigprocmask(SIG_BLOCK, &held, &heeded);
    int door = open_door(atoi(words[optind]));
    poller = epoll_create1(0);
    struct epoll_event wish = {.events = EPOLLIN}, events[EVENTS];
    epoll_ctl(poller, EPOLL_CTL_ADD, door, &wish);
    while (!ended) {
        wait_for_work();
        int found = epoll_wait(poller, events, EVENTS, 0);
        for (int at = 0; at < found; at++) {
            struct client *client = events[at].data.ptr;
            int lives = 1;
            if (!client) welcome(door);
            if (client && events[at].events & EPOLLOUT) lives = send_ready(client);
            if (client && lives && events[at].events & ~(unsigned)EPOLLOUT) lives = attend(client);
            if (!lives) forget(client);
        }
        release_due();
        if (asked) print_figures();
    }
    print_figures();
    return 0;
}
