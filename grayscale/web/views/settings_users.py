from flask import Blueprint

bp = Blueprint("settings_users", __name__)
