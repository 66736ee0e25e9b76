"""A file for HDF5 to write into that never fails in its face.

Takes a raw file, gives a file object. When the disk fills up, HDF5 crashes the process as it closes (seen with 2.0.0);
so the first error is kept, later writes go nowhere, and whoever closed HDF5 asks for the error. Must know nothing of
what is written.
"""

from typing import BinaryIO


class Sink:
    """File object of ``h5py.File``.

    Parameters
    ----------
    stream : binary stream
        Open for reading and writing; errors are OSErrors of its methods.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._at = 0
        self.error: OSError | None = None
        """The first error, None so far."""

    def check(self) -> None:
        """Raise the first error, if there was one.

        Raises
        ------
        OSError
        """
        if self.error is not None:
            raise self.error

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move; from the end asks the file for its length."""
        if whence == 2:
            self._at = self._stream.seek(0, 2) + offset
        else:
            self._at = offset if whence == 0 else self._at + offset
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def write(self, content: memoryview | bytes) -> int:
        """Write all, or nothing once there was an error."""
        if self.error is None:
            try:
                self._stream.seek(self._at)
                self._stream.write(content)
            except OSError as error:
                self.error = error
        self._at += memoryview(content).nbytes
        return memoryview(content).nbytes

    def readinto(self, buffer: memoryview) -> int:
        """Read; zeros where nothing was written or could be read."""
        view = memoryview(buffer).cast("B")
        n = 0
        if self.error is None:
            try:
                self._stream.seek(self._at)
                n = self._stream.readinto(view)  # type: ignore[attr-defined]
            except OSError as error:
                self.error = error
        view[n:] = bytes(len(view) - n)
        self._at += len(view)
        return len(view)

    def read(self, n: int = -1) -> bytes:
        """Read up to ``n`` bytes: h5py takes no object for a file that cannot; it calls ``readinto`` alone."""
        content = bytearray(max(0, self._stream.seek(0, 2) - self._at) if n < 0 else n)
        self.readinto(memoryview(content))
        return bytes(content)

    def truncate(self, size: int | None = None) -> int:
        """Cut or grow the file."""
        size = self._at if size is None else size
        if self.error is None:
            try:
                self._stream.truncate(size)
            except OSError as error:
                self.error = error
        return size

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""
