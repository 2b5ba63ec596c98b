/* Runs a script as a server with threads does: in several threads at once, several requests in each, and in new threads after these
 * have ended. It takes a PHP that was configured with --enable-zts --enable-embed.
 *
 * threads INI SCRIPT
 */

#include <sapi/embed/php_embed.h>

#include <dirent.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS = 3, THREADS = 6, REQUESTS = 4, PATIENCE_MS = 10000 };

static char *script;

static void request(intptr_t thread, int number)
{
	if (php_request_startup() == FAILURE) {
		puts("a request did not begin");
		exit(1);
	}
	zend_first_try {
		char code[4096];
		snprintf(code, sizeof code, "$thread = %d; $request = %d; require '%s';", (int) thread, number, script);
		zend_eval_string_ex(code, NULL, "request", true);
	} zend_end_try();
	php_request_shutdown(NULL);
}

static void *serve(void *thread)
{
	(void) ts_resource(0);
	for (int number = 0; number < REQUESTS; number++) {
		request((intptr_t) thread, number);
	}
	ts_free_thread();
	return NULL;
}

static int descriptors(void)
{
	int count = 0;
	DIR *folder = opendir("/proc/self/fd");
	while (readdir(folder)) {
		count++;
	}
	closedir(folder);
	return count;
}

/* Whether what the threads had has been given back. A connection is closed soon after its thread has ended; a child that a pool has
 * dropped is waited for by the next pool, so each thread of the last round may have left one. */
static bool is_given_back(int before)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 10) {
		if (descriptors() <= before + THREADS) {
			return true;
		}
		usleep(10000);
	}
	return false;
}

int main(int count, char **arguments)
{
	if (count != 3) {
		return 2;
	}
	php_embed_module.php_ini_path_override = arguments[1];
	script = arguments[2];
	php_embed_init(1, arguments);
	int before = descriptors();
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t threads[THREADS];
		for (intptr_t thread = 0; thread < THREADS; thread++) {
			pthread_create(&threads[thread], NULL, serve, (void *) thread);
		}
		for (int thread = 0; thread < THREADS; thread++) {
			pthread_join(threads[thread], NULL);
		}
		if (!is_given_back(before)) {
			printf("%d descriptors were left behind\n", descriptors() - before);
		}
	}
	php_embed_shutdown();
	puts("over");
	return 0;
}
