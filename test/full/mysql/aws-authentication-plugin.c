/*
 * What Amazon RDS calls AWSAuthenticationPlugin, for a MySQL or a MariaDB that stands in for it: the client sends its
 * token by mysql_clear_password, and whether the token is good is asked of the test, over the unix socket that
 * LATCHKEY_IAM_SOCKET names: "user\0token\0" there, one byte back. Both servers' tables of a plugin are declared by hand,
 * so that neither one's headers are needed to compile this.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { AUTHENTICATION_PLUGIN = 7, CR_ERROR = 0, CR_OK = -1, LICENCE_PROPRIETARY = 0, MATURITY_STABLE = 5 };

struct vio {
  int (*read_packet)(struct vio *, unsigned char **);
  int (*write_packet)(struct vio *, const unsigned char *, int);
};

/* Only the beginning, which both servers have alike. */
struct login {
  const char *user;
  unsigned int user_length;
};

static int ask(const char *user, size_t user_bytes, const unsigned char *token, size_t token_bytes) {
  const char *path = getenv("LATCHKEY_IAM_SOCKET");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char answer = 'n';
  int peer = socket(AF_UNIX, SOCK_STREAM, 0);
  if (path == NULL || peer < 0) return 0;
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (connect(peer, (struct sockaddr *)&address, sizeof address) == 0 &&
      send(peer, user, user_bytes, MSG_NOSIGNAL) == (ssize_t)user_bytes && send(peer, "", 1, MSG_NOSIGNAL) == 1 &&
      send(peer, token, token_bytes, MSG_NOSIGNAL) == (ssize_t)token_bytes && send(peer, "", 1, MSG_NOSIGNAL) == 1)
    if (read(peer, &answer, 1) != 1) answer = 'n';
  close(peer);
  return answer == 'y';
}

static int authenticate(struct vio *vio, struct login *login) {
  unsigned char *packet = NULL;
  int length = vio->read_packet(vio, &packet);
  if (length <= 1 || login->user == NULL) return CR_ERROR;
  size_t token_bytes = strnlen((const char *)packet, (size_t)length);
  return ask(login->user, login->user_length, packet, token_bytes) ? CR_OK : CR_ERROR;
}

static int keep_string(char *out, unsigned int *out_length, const char *in, unsigned int in_length) {
  if (*out_length < in_length) return 1;
  memcpy(out, in, in_length);
  *out_length = in_length;
  return 0;
}
static int any_string(char *const in, unsigned int length) { return (void)in, (void)length, 0; }
static int no_salt(const char *in, unsigned int length, unsigned char *salt, unsigned char *salt_length) {
  (void)in, (void)length, (void)salt;
  *salt_length = 0;
  return 0;
}

static struct {
  int version;
  const char *client_plugin;
  int (*authenticate)(struct vio *, struct login *);
  int (*generate)(char *, unsigned int *, const char *, unsigned int);
  int (*validate)(char *const, unsigned int);
  int (*set_salt)(const char *, unsigned int, unsigned char *, unsigned char *);
  unsigned long flags;
  void *compare;
} in_mysql = {0x0202, "mysql_clear_password", authenticate, keep_string, any_string, no_salt, 0, NULL};

static struct {
  int version;
  const char *client_plugin;
  int (*authenticate)(struct vio *, struct login *);
  void *hash_password;
  void *preprocess_hash;
} in_mariadb = {0x0202, "mysql_clear_password", authenticate, NULL, NULL};

#define NAME "AWSAuthenticationPlugin"
#define ABOUT "latchkey tests", "asks a test whether a token is good"

struct mysql_plugin {
  int type;
  void *info;
  const char *name, *author, *description;
  int licence;
  void *init, *check_uninstall, *deinit;
  unsigned int version;
  void *status, *variables, *reserved;
  unsigned long flags;
};
int _mysql_plugin_interface_version_ = 0x010B;
int _mysql_sizeof_struct_st_plugin_ = sizeof(struct mysql_plugin);
struct mysql_plugin _mysql_plugin_declarations_[] = {
    {.type = AUTHENTICATION_PLUGIN, .info = &in_mysql, NAME, ABOUT, .licence = LICENCE_PROPRIETARY, .version = 1},
    {0}};

struct mariadb_plugin {
  int type;
  void *info;
  const char *name, *author, *description;
  int licence;
  void *init, *deinit;
  unsigned int version;
  void *status, *variables;
  const char *version_text;
  unsigned int maturity;
};
int _maria_plugin_interface_version_ = 0x010C;
int _maria_sizeof_struct_st_plugin_ = sizeof(struct mariadb_plugin);
struct mariadb_plugin _maria_plugin_declarations_[] = {
    {.type = AUTHENTICATION_PLUGIN, .info = &in_mariadb, NAME, ABOUT, .licence = LICENCE_PROPRIETARY, .version = 1,
     .version_text = "1", .maturity = MATURITY_STABLE},
    {0}};
