"""Pages and commands of the chat. Each view is a plain function; who may do what is decided in `access`."""
