from flask import Blueprint

bp = Blueprint("settings_lever", __name__)
