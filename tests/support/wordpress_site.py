"""A real WordPress on loopback: Debian's packages, MariaDB on a socket of its own, PHP's own web server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from needed import unavailable

SOURCE = Path("/usr/share/wordpress")
PACKAGES = "wordpress php-cli php-mysql mariadb-server-core"
PATIENCE = 60.0

_CONFIG = """<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'wordpress');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:{socket}');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('WP_ENVIRONMENT_TYPE', 'local');
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('AUTH_KEY', 'a'); define('SECURE_AUTH_KEY', 'b'); define('LOGGED_IN_KEY', 'c'); define('NONCE_KEY', 'd');
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {{ define('ABSPATH', __DIR__ . '/'); }}
require_once ABSPATH . 'wp-settings.php';
"""

_INSTALL = """<?php
$_SERVER['HTTP_HOST'] = '127.0.0.1:{port}';
define('WP_INSTALLING', true);
require '{root}/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
add_filter('pre_wp_mail', '__return_true');
wp_install('The office', 'press', 'press@example.org', true, '', 'not-used');
update_option('siteurl', 'http://127.0.0.1:{port}');
update_option('home', 'http://127.0.0.1:{port}');
update_option('template', 'office');
update_option('stylesheet', 'office');
update_option('permalink_structure', '{permalinks}');
foreach (['writer' => 'author', 'guest' => 'contributor'] as $name => $role) {{
    wp_insert_user(['user_login' => $name, 'user_pass' => 'x', 'user_email' => "$name@example.org", 'role' => $role]);
}}
wp_insert_term('News', 'category');
wp_insert_term('Crime & Justice', 'category');
$passwords = [];
foreach (['press', 'writer', 'guest'] as $name) {{
    $user = get_user_by('login', $name);
    [$password] = WP_Application_Passwords::create_new_application_password($user->ID, ['name' => 'pressrelease']);
    $passwords[$name] = $password;
}}
echo "\\nPASSWORDS " . json_encode($passwords) . "\\n";
"""

_THEME = """<!DOCTYPE html><title><?php wp_title(''); ?></title>
<?php while (have_posts()) { the_post(); ?>
<article><h1><?php the_title(); ?></h1><?php the_excerpt(); ?><div><?php the_content(); ?></div></article>
<?php } ?>
"""

#: Lets a test make WordPress slow just before a post is in the database, or between that and its answer; keep what
#: is published for review; and see whether WordPress would fetch what lies at an address (it may reach nobody here).
_PLUGIN = """<?php
function pause_for($name) {
    $file = WP_CONTENT_DIR . '/' . $name;
    if (file_exists($file)) { usleep((int) (1000000 * (float) file_get_contents($file))); }
}
add_filter('rest_pre_insert_post', function ($post) { pause_for('pause-before'); return $post; });
add_action('rest_after_insert_post', function ($post) { pause_for('pause-after'); });
add_filter('pre_oembed_result', function () { return '<iframe src="https://embedded.example.org/"></iframe>'; });
add_filter('wp_insert_post_data', function ($data) {
    if (file_exists(WP_CONTENT_DIR . '/review')) {
        $data['post_status'] = $data['post_status'] === 'publish' ? 'pending' : $data['post_status'];
    }
    return $data;
});
"""


@dataclass(frozen=True)
class WordPressSite:
    """A running site; `passwords` are application passwords by user: press (administrator), writer, guest."""

    url: str
    passwords: dict[str, str]
    folder: Path

    def call(self, method: str, route: str, user: str = "press", **sent: Any) -> Any:
        """Ask the REST API as a person would, and take its JSON; an answer that is no success is an error."""
        given = {"rest_route": f"/wp/v2/{route}", **sent.pop("params", {})}
        answer = requests.request(
            method, f"{self.url}/", params=given, auth=(user, self.passwords[user]), timeout=30, **sent
        )
        assert answer.ok, answer.text
        return answer.json()

    def posts(self, search: str = "") -> list[dict[str, Any]]:
        """Every post in any state but the trash, oldest first."""
        given = {
            "status": "publish,future,draft,pending,private",
            "context": "edit",
            "per_page": 100,
            "order": "asc",
            "orderby": "id",
            "search": search,
        }
        return list(self.call("GET", "posts", params=given))

    def page(self, link: str) -> str:
        """What the public reads at an address of this site."""
        answer = requests.get(link, timeout=30)
        assert answer.ok, link
        return answer.text

    @contextmanager
    def slow(self, *, before: float = 0, after: float = 0) -> Iterator[None]:
        """Hold back each post for so many seconds, before and after it is in the database."""
        with self._switch("pause-before", str(before)), self._switch("pause-after", str(after)):
            yield

    @contextmanager
    def reviewing(self) -> Iterator[None]:
        """As with an editorial plugin: nothing is published before somebody there has read it."""
        with self._switch("review", "yes"):
            yield

    @contextmanager
    def _switch(self, name: str, value: str) -> Iterator[None]:
        file = self.folder / "wp-content" / name
        file.write_text(value)
        try:
            yield
        finally:
            file.unlink()


def available() -> None:
    """Skip where WordPress is not installed."""
    tools = ("php", "mariadbd", "mariadb-install-db")
    if SOURCE.is_dir() and all(shutil.which(tool, path=_path()) for tool in tools):
        return
    unavailable(f"WordPress is not installed. To install it: `apt-get install --no-install-recommends {PACKAGES}`.")


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


@contextmanager
def wordpress(permalinks: str = "/%postname%/") -> Iterator[WordPressSite]:
    """A fresh site; `permalinks` is WordPress's own pattern, "" for plain addresses."""
    with ExitStack() as ending:
        # Socket paths have about 100 bytes, and pytest's own folders are long.
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="wp-", ignore_cleanup_errors=True)))
        database = _database(folder / "db", ending)
        root = _files(folder / "site", database)
        port = _free_port()
        script = folder / "install.php"
        script.write_text(_INSTALL.format(port=port, root=root, permalinks=permalinks))
        done = subprocess.run(["php", str(script)], capture_output=True, text=True, timeout=PATIENCE, check=False)
        found = [line for line in done.stdout.splitlines() if line.startswith("PASSWORDS ")]
        assert found, done.stdout + done.stderr
        server = subprocess.Popen(
            ["php", "-d", "post_max_size=64M", "-d", "upload_max_filesize=64M", "-S", f"127.0.0.1:{port}", "-t", root],
            env=os.environ | {"PHP_CLI_SERVER_WORKERS": "8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(folder / "php.log").open("wb"),
            start_new_session=True,
        )
        ending.callback(_end_group, server)
        _wait_for(port, server)
        passwords: dict[str, str] = json.loads(found[0].removeprefix("PASSWORDS "))
        yield WordPressSite(f"http://127.0.0.1:{port}", passwords, root)


def _database(folder: Path, ending: ExitStack) -> Path:
    folder.mkdir()
    data, place = folder / "data", folder / "s"
    first = folder / "first.sql"
    first.write_text(
        "CREATE DATABASE wordpress CHARACTER SET utf8mb4;\n"
        "CREATE USER wordpress@localhost;\nGRANT ALL ON wordpress.* TO wordpress@localhost;\n"
    )
    user = ["--user=root"] if os.geteuid() == 0 else []
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    own = os.environ | {"PATH": _path()}
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", *user],
        check=True,
        timeout=PATIENCE,
        env=own,
        **quiet,
    )
    server = subprocess.Popen(
        [
            "mariadbd",
            "--no-defaults",
            f"--datadir={data}",
            f"--socket={place}",
            "--skip-networking",
            f"--init-file={first}",
            f"--pid-file={folder / 'pid'}",
            "--innodb-buffer-pool-size=32M",
            *user,
        ],
        env=own,
        **quiet,
    )
    ending.callback(_end, server)
    end = time.monotonic() + PATIENCE
    while not place.exists():
        assert server.poll() is None, "MariaDB did not start"
        assert time.monotonic() < end, "MariaDB took too long"
        threading.Event().wait(0.1)
    return place


def _files(root: Path, database: Path) -> Path:
    """WordPress as Debian has it, with a config and uploads of its own."""
    content = root / "wp-content"
    (content / "uploads").mkdir(parents=True)
    (content / "mu-plugins").mkdir()
    (content / "mu-plugins" / "pause.php").write_text(_PLUGIN)
    theme = content / "themes" / "office"
    theme.mkdir(parents=True)
    (theme / "style.css").write_text("/* Theme Name: Office */")
    (theme / "index.php").write_text(_THEME)
    for path in SOURCE.iterdir():
        if path.name in {"wp-admin", "wp-includes"}:
            (root / path.name).symlink_to(path)
        elif path.suffix == ".php" and path.name not in {"wp-config.php", "wp-config-sample.php"}:
            shutil.copy(path, root / path.name)
    (root / "wp-config.php").write_text(_CONFIG.format(socket=database))
    return root


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        assert server.poll() is None, "PHP's server did not start"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < end, "PHP's server took too long"
            threading.Event().wait(0.05)
        else:
            return


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """PHP's workers outlive their parent unless they are told too."""
    os.killpg(process.pid, signal.SIGTERM)
    _end(process)
