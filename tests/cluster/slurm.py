"""A real Slurm of one node on the loopback, from the packages of the distribution.

    apt-get install slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge

Usable from a shell too: ``python -m tests.cluster.slurm FOLDER`` starts one, prints what to export, and stops it when
its input ends.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "sinfo")
SBIN = "/usr/sbin:/sbin"
READY_S = 30.0

# A job that is queued again begins no sooner than the credential of its last start expires: two minutes by default.
CONFIGURATION = """\
ClusterName=mcoomtest
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
InactiveLimit=0
KillWait=5
MinJobAge=3600
MaxArraySize=1001
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
"""


def missing() -> str:
    """Say why there can be no Slurm here; nothing if there can."""
    if os.getuid() != 0:
        return "a Slurm of our own needs root"
    absent = [name for name in PROGRAMS if shutil.which(name, path=search_path()) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


def search_path() -> str:
    return f"{os.environ.get('PATH', '')}:{SBIN}"


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


class Slurm:
    """One controller and one node, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PATH": search_path(), "SLURM_CONF": str(folder / "slurm.conf")}

    def start(self) -> None:
        for name in ("state", "spool"):
            (self.folder / name).mkdir(parents=True)
        # munged wants its socket where everybody may look, and its key where nobody else can.
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        host = socket.gethostname().partition(".")[0]
        memory_mib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(
                folder=self.folder,
                host=host,
                controller_port=free_port(),
                node_port=free_port(),
                cpus=os.cpu_count(),
                memory=memory_mib * 9 // 10,
            )
        )
        self.run("munged", "--force", *(f"--{what}={self.folder}/munge.{end}" for what, end in MUNGE_FILES))
        self.run("slurmctld", "-c")
        self.run("slurmd", "-N", host)
        end = time.monotonic() + READY_S
        while "idle" not in self.run("sinfo", "-h", "-o", "%T", check=False):
            if time.monotonic() > end:
                raise TimeoutError((self.folder / "slurmctld.log").read_text()[-2000:])
            time.sleep(0.2)

    def run(self, *command: str, check: bool = True, cwd: Path | None = None) -> str:
        done = subprocess.run(
            command, env=self.environment, cwd=cwd, capture_output=True, text=True, check=False, timeout=60
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{command}: exit {done.returncode}: {done.stderr or done.stdout}")
        return done.stdout

    def jobs(self, job: str) -> dict[str, str]:
        """State of every task of a job, by its number in the array."""
        lines = self.run("squeue", "-h", "-r", "-t", "all", "-j", job, "-o", "%K %T", check=False).splitlines()
        return dict(line.split() for line in lines)

    def stop(self) -> None:
        self.run("scancel", "-u", "root", check=False)
        self.run("scontrol", "shutdown", check=False)
        for name in ("slurmd", "slurmctld", "munge"):
            pid = self.folder / f"{name}.pid"
            end = time.monotonic() + 10
            while pid.exists() and time.monotonic() < end:
                try:
                    os.kill(int(pid.read_text()), 15)
                except (ProcessLookupError, ValueError, FileNotFoundError):
                    break
                time.sleep(0.2)


MUNGE_FILES = (
    ("socket", "socket"),
    ("key-file", "key"),
    ("pid-file", "pid"),
    ("log-file", "log"),
    ("seed-file", "seed"),
)


if __name__ == "__main__":
    reason = missing()
    if reason:
        sys.exit(reason)
    slurm = Slurm(Path(sys.argv[1]).absolute())
    slurm.start()
    print(f"export SLURM_CONF={slurm.environment['SLURM_CONF']}", flush=True)
    try:
        sys.stdin.read()
    finally:
        slurm.stop()
