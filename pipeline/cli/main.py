"""The command `aduan`: its groups of commands stand in the files beside this one.

Exit codes: 0 fine, 1 something was found, 2 configuration or arguments are wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pipeline.cli import arrivals, forms, keeping, key, office, report, running, storage, upgrade  # noqa: F401 - they add their commands to the group
from pipeline.cli.base import Fault, Found, main, out
from pipeline.office.messages import say

__all__ = ["main"]


@main.command()
@click.option("--auto", is_flag=True, help=say("bantuan.demo.auto"))
@click.option("--port", type=int, default=8765, show_default=True, help=say("bantuan.demo.port"))
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
)
def demo(auto: bool, port: int, folder: Path) -> None:
    """Coba seluruh SOP di komputer ini, dengan orang dan email rekaan; tidak ada yang terkirim ke luar."""
    from pipeline.demo import show  # its servers take 5 MiB, which no other command needs

    try:
        show.alone(out, folder) if auto else show.playground(out, folder, port)
    except show.PlayError as error:
        raise Found(say("demo.gagal", sebab=error)) from error
    except OSError as error:
        raise Fault(say("demo.port", port=port, lain=port + 1, sebab=error)) from error


if __name__ == "__main__":
    sys.exit(main())
