"""How settings are read: from the environment, from .env, or from files, each as the type that it is meant to be.

A value is taken as it was meant, or refused by one sentence with the variable's name, what was wrong and an example.
No sentence repeats a value: it may be a secret, or a secret in the wrong place.
"""

from chatbot_site.environment.addresses import key_name
from chatbot_site.environment.given import InvalidSetting, refused
from chatbot_site.environment.loading import load_settings
from chatbot_site.environment.reader import Environment, Setting

__all__ = ["Environment", "InvalidSetting", "Setting", "key_name", "load_settings", "refused"]
