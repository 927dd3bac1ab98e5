"""What a connector's author gets: the contract to fulfil, the runner that does the rest, the rules to pass, the check."""
