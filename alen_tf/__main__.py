"""Lists the commands, and with --list the configurations: python -m alen_tf [--list]."""

import argparse

from alen_tf.cli import listing


def main():
    parser = argparse.ArgumentParser(prog="python -m alen_tf", description=__doc__)
    parser.add_argument("--list", action="store_true", help="also list the gin files")
    options = parser.parse_args()
    print(listing.commands())
    if options.list:
        print(listing.configurations())


if __name__ == "__main__":
    main()
