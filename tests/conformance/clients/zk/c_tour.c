/* What the C client can ask of a server: c_tour HOST:PORT. Linked with zookeeper_mt. */

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zookeeper/zookeeper.h>

#define DEADLINE_S 60
#define EVENTS_MAX 100
#define SESSION_TIMEOUT_MS 20000

/* Unlike an assert, this says what came instead. */
#define EXPECT(call, wanted)                                                                 \
    do {                                                                                     \
        long long got_ = (call);                                                             \
        if (got_ != (wanted)) {                                                              \
            fprintf(stderr, "line %d: %s is %lld, not %s\n", __LINE__, #call, got_, #wanted); \
            exit(1);                                                                         \
        }                                                                                    \
    } while (0)

struct event {
    int type;
    char path[100];
};

/* Events, in their order; those of the session, and those of nodes. */
static struct event events[EVENTS_MAX];
static int events_come, events_taken;
static int session_state;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void watcher(zhandle_t *handle, int type, int state, const char *path, void *context) {
    (void)handle, (void)context;
    pthread_mutex_lock(&mutex);
    if (type == ZOO_SESSION_EVENT) {
        session_state = state;
    } else {
        EXPECT(events_come < EVENTS_MAX, 1);
        events[events_come].type = type;
        snprintf(events[events_come].path, sizeof events[0].path, "%s", path);
        events_come++;
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static struct timespec deadline(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_sec += DEADLINE_S;
    return time;
}

static void expect_event(int type, const char *path) {
    struct timespec until = deadline();
    pthread_mutex_lock(&mutex);
    while (events_taken == events_come) {
        EXPECT(pthread_cond_timedwait(&changed, &mutex, &until), 0);
    }
    struct event *event = &events[events_taken++];
    if (event->type != type || strcmp(event->path, path) != 0) {
        fprintf(stderr, "event %d of %s, not %d of %s\n", event->type, event->path, type, path);
        exit(1);
    }
    pthread_mutex_unlock(&mutex);
}

static zhandle_t *client(const char *host, const clientid_t *id, int wanted_state) {
    struct timespec until = deadline();
    pthread_mutex_lock(&mutex);
    session_state = 0;
    pthread_mutex_unlock(&mutex);
    zhandle_t *handle = zookeeper_init(host, watcher, SESSION_TIMEOUT_MS, id, NULL, 0);
    EXPECT(handle != NULL, 1);
    pthread_mutex_lock(&mutex);
    while (session_state != wanted_state) {
        EXPECT(pthread_cond_timedwait(&changed, &mutex, &until), 0);
    }
    pthread_mutex_unlock(&mutex);
    return handle;
}

static int holds(const struct String_vector *list, const char *name) {
    for (int i = 0; i < list->count; i++) {
        if (strcmp(list->data[i], name) == 0) return 1;
    }
    return 0;
}

static void nodes(zhandle_t *handle) {
    char path[100], data[100];
    struct Stat stat;
    int length = sizeof data;
    EXPECT(zoo_create(handle, "/c", "one", 3, &ZOO_OPEN_ACL_UNSAFE, 0, path, sizeof path), ZOK);
    EXPECT(strcmp(path, "/c"), 0);
    EXPECT(zoo_create(handle, "/c", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZNODEEXISTS);
    EXPECT(zoo_create(handle, "/none/child", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZNONODE);
    EXPECT(zoo_get(handle, "/c", 0, data, &length, &stat), ZOK);
    EXPECT(length, 3);
    EXPECT(memcmp(data, "one", 3), 0);
    EXPECT(stat.version, 0);
    EXPECT(zoo_set2(handle, "/c", "three", 5, 0, &stat), ZOK);
    EXPECT(stat.version, 1);
    EXPECT(stat.dataLength, 5);
    EXPECT(zoo_set(handle, "/c", "", 0, 0), ZBADVERSION);
    EXPECT(zoo_create2(handle, "/c/a", NULL, -1, &ZOO_OPEN_ACL_UNSAFE, ZOO_CONTAINER, path, sizeof path, &stat), ZOK);
    EXPECT(stat.ephemeralOwner, 0);
    length = sizeof data;
    EXPECT(zoo_get(handle, "/c/a", 0, data, &length, NULL), ZOK);
    EXPECT(length, -1);
    EXPECT(zoo_create2_ttl(handle, "/c/t-", "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, 3600000,
                           path, sizeof path, &stat), ZOK);
    EXPECT(strcmp(path, "/c/t-0000000001"), 0);
    EXPECT(zoo_create_ttl(handle, "/c/u", "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_WITH_TTL, 3600000, NULL, 0), ZOK);
    EXPECT(zoo_create(handle, "/c/e-", "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL | ZOO_SEQUENCE, path, sizeof path), ZOK);
    EXPECT(strcmp(path, "/c/e-0000000003"), 0);
    EXPECT(zoo_exists(handle, path, 0, &stat), ZOK);
    EXPECT(stat.ephemeralOwner == zoo_client_id(handle)->client_id, 1);
    EXPECT(zoo_create(handle, "/c/e-0000000003/child", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZNOCHILDRENFOREPHEMERALS);
    struct String_vector children;
    EXPECT(zoo_get_children2(handle, "/c", 0, &children, &stat), ZOK);
    EXPECT(children.count, 4);
    EXPECT(stat.numChildren, 4);
    EXPECT(stat.cversion, 4);
    EXPECT(holds(&children, "t-0000000001") && holds(&children, "a"), 1);
    deallocate_String_vector(&children);
    EXPECT(zoo_delete(handle, "/c", -1), ZNOTEMPTY);
    EXPECT(zoo_delete(handle, "/c/none", -1), ZNONODE);
    EXPECT(zoo_exists(handle, "/c/none", 0, &stat), ZNONODE);
    EXPECT(zoo_delete(handle, "/c/a", 3), ZBADVERSION);
    EXPECT(zoo_delete(handle, "/c/a", 0), ZOK);
}

static void watches(zhandle_t *handle) {
    struct Stat stat;
    struct String_vector children;
    EXPECT(zoo_wexists(handle, "/c/new", watcher, NULL, &stat), ZNONODE);
    EXPECT(zoo_wget_children(handle, "/c", watcher, NULL, &children), ZOK);
    deallocate_String_vector(&children);
    EXPECT(zoo_create(handle, "/c/new", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZOK);
    expect_event(ZOO_CREATED_EVENT, "/c/new");
    expect_event(ZOO_CHILD_EVENT, "/c");
    EXPECT(zoo_wexists(handle, "/c/new", watcher, NULL, &stat), ZOK);
    EXPECT(zoo_set(handle, "/c/new", "x", 1, -1), ZOK);
    expect_event(ZOO_CHANGED_EVENT, "/c/new");
    EXPECT(zoo_wexists(handle, "/c/new", watcher, NULL, &stat), ZOK);
    EXPECT(zoo_delete(handle, "/c/new", -1), ZOK);
    expect_event(ZOO_DELETED_EVENT, "/c/new");
    EXPECT(zoo_wexists(handle, "/c", watcher, NULL, &stat), ZOK);
    EXPECT(zoo_remove_watches(handle, "/c", ZWATCHTYPE_DATA, watcher, NULL, 0), ZOK);
    EXPECT(zoo_remove_watches(handle, "/c", ZWATCHTYPE_DATA, watcher, NULL, 0), ZNOWATCHER);
    EXPECT(zoo_set(handle, "/c", "y", 1, -1), ZOK);
    EXPECT(events_come == events_taken, 1);
}

static void multis(zhandle_t *handle) {
    char path[100];
    struct Stat stat;
    zoo_op_t good[4], bad[3];
    zoo_op_result_t results[4];
    zoo_create_op_init(&good[0], "/c/m", "1", 1, &ZOO_OPEN_ACL_UNSAFE, 0, path, sizeof path);
    zoo_set_op_init(&good[1], "/c/m", "22", 2, 0, &stat);
    zoo_check_op_init(&good[2], "/c/m", 1);
    zoo_delete_op_init(&good[3], "/c/m", 1);
    EXPECT(zoo_multi(handle, 4, good, results), ZOK);
    EXPECT(stat.dataLength, 2);
    for (int i = 0; i < 4; i++) EXPECT(results[i].err, ZOK);
    zoo_create_op_init(&bad[0], "/c/m", "1", 1, &ZOO_OPEN_ACL_UNSAFE, 0, path, sizeof path);
    zoo_delete_op_init(&bad[1], "/c/none", -1);
    zoo_delete_op_init(&bad[2], "/c/m", -1);
    EXPECT(zoo_multi(handle, 3, bad, results), ZNONODE);
    EXPECT(results[0].err, ZOK);
    EXPECT(results[1].err, ZNONODE);
    EXPECT(results[2].err, ZRUNTIMEINCONSISTENCY);
    EXPECT(zoo_exists(handle, "/c/m", 0, &stat), ZNONODE);
}

static void authenticated(int code, const void *done) {
    pthread_mutex_lock(&mutex);
    *(int *)done = code == ZOK ? 1 : code;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static void access_control(const char *host, zhandle_t *anybody) {
    char data[10];
    int length = sizeof data, done = 0;
    struct Stat stat;
    struct ACL_vector acl;
    struct timespec until = deadline();
    zhandle_t *alice = client(host, NULL, ZOO_CONNECTED_STATE);
    EXPECT(zoo_create(anybody, "/c/closed", "", 0, &ZOO_CREATOR_ALL_ACL, 0, NULL, 0), ZINVALIDACL);
    EXPECT(zoo_add_auth(alice, "digest", "alice:secret", 12, authenticated, &done), ZOK);
    pthread_mutex_lock(&mutex);
    while (done == 0) EXPECT(pthread_cond_timedwait(&changed, &mutex, &until), 0);
    EXPECT(done, 1);
    pthread_mutex_unlock(&mutex);
    EXPECT(zoo_create(alice, "/c/closed", "", 0, &ZOO_CREATOR_ALL_ACL, 0, NULL, 0), ZOK);
    EXPECT(zoo_get(anybody, "/c/closed", 0, data, &length, &stat), ZNOAUTH);
    EXPECT(zoo_set(anybody, "/c/closed", "", 0, -1), ZNOAUTH);
    EXPECT(zoo_set_acl(anybody, "/c/closed", -1, &ZOO_OPEN_ACL_UNSAFE), ZNOAUTH);
    EXPECT(zoo_get_acl(alice, "/c/closed", &acl, &stat), ZOK);
    EXPECT(acl.count, 1);
    EXPECT(strcmp(acl.data[0].id.id, "alice:aYXlLOpEooaV1cRAvUL1fp9Qt7E="), 0);
    deallocate_ACL_vector(&acl);
    EXPECT(zoo_set_acl(alice, "/c/closed", 0, &ZOO_READ_ACL_UNSAFE), ZOK);
    EXPECT(zoo_get(anybody, "/c/closed", 0, data, &length, &stat), ZOK);
    EXPECT(stat.aversion, 1);
    EXPECT(zookeeper_close(alice), ZOK);
}

static void sessions(const char *host, zhandle_t *handle) {
    char path[100];
    struct Stat stat;
    zhandle_t *second = client(host, NULL, ZOO_CONNECTED_STATE);
    EXPECT(zoo_recv_timeout(second), SESSION_TIMEOUT_MS);
    EXPECT(zoo_create(second, "/c/its-own", "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, path, sizeof path), ZOK);
    EXPECT(zoo_wexists(handle, path, watcher, NULL, &stat), ZOK);
    clientid_t id = *zoo_client_id(second);
    EXPECT(zookeeper_close(second), ZOK);
    expect_event(ZOO_DELETED_EVENT, "/c/its-own");
    /* The session is over; who asks for it is told. */
    zhandle_t *late = client(host, &id, ZOO_EXPIRED_SESSION_STATE);
    zookeeper_close(late);
}

static void configuration(zhandle_t *handle) {
    char data[1000];
    int length = sizeof data;
    struct Stat stat;
    EXPECT(zoo_getconfig(handle, 0, data, &length, &stat), ZOK);
    length = sizeof data;
    EXPECT(zoo_reconfig(handle, "server.9=localhost:1:2;3", NULL, NULL, -1, data, &length, &stat), ZRECONFIGDISABLED);
}

int main(int count, char **arguments) {
    EXPECT(count, 2);
    const char *host = arguments[1];
    zoo_set_debug_level(0);
    zhandle_t *handle = client(host, NULL, ZOO_CONNECTED_STATE);
    nodes(handle);
    watches(handle);
    multis(handle);
    access_control(host, handle);
    sessions(host, handle);
    configuration(handle);
    EXPECT(zookeeper_close(handle), ZOK);
    printf("6 stops\n");
    return 0;
}
