"""Messages by which services hand credentials over: their shapes and checks, without any HTTP."""
