"""Where a journal must not lie: on a disk of another machine, whose locks and flushes may lie."""

import os
import re
from pathlib import Path

__all__ = ["network_filesystem"]

_NETWORK = frozenset(
    {
        *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fuse.glusterfs", "fuse.rclone"),
        *(
            "fuse.s3fs",
            "fuse.sshfs",
            "gfs2",
            "glusterfs",
            "lustre",
            "ncpfs",
            "nfs",
            "nfs4",
            "ocfs2",
        ),
        *("orangefs", "smb3", "smbfs", "virtiofs", "vboxsf"),
    }
)
_ESCAPED = re.compile(r"\\([0-7]{3})")
_MOUNTS = Path("/proc/self/mountinfo")


def network_filesystem(path: Path, mounts: str | None = None) -> str | None:
    """Return the kind of network file system a path lies on, such as `nfs4`.

    Args:
        path: A file that need not be there yet.
        mounts: The kernel's list of mounts. `None`: this machine's own.

    Returns:
        `None` on a local disk, and where the system does not tell.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text("utf-8", "replace")
        except OSError:
            return None
    place = os.path.realpath(path)
    best, kind = "", None
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        parts = fields.split(" ")
        if len(parts) < 5 or not rest:
            continue
        mount = _ESCAPED.sub(lambda code: chr(int(code[1], 8)), parts[4])
        # The last of equal ones lies on top.
        if _is_inside(place, mount) and len(mount) >= len(best):
            best, kind = mount, rest.split(" ")[0]
    return kind if kind in _NETWORK else None


def _is_inside(place: str, mount: str) -> bool:
    return place == mount or place.startswith(mount.rstrip("/") + "/")
